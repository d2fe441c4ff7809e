// Everything that is done with a network in the engine's memory (assembly/fragility).

import type { Dtype, Engine } from "../engine.js";
import { Fields } from "../fields.js";
import type { Numbers } from "../matrix.js";
import { ALONE, newTask, type Team } from "../workspace.js";
import type { TrainedLayer } from "./types.js";

/** Commands of the lead (assembly/fragility/commands.ts). */
const COMMANDS = { end: 0, train: 64, gradient: 65, scores: 66, way: 67, segment: 68 } as const;

/** The stream of a layer's first weights, and that of the order of the points in an epoch. */
const START = 0x4e455400;
const SHUFFLE = 0x4f524400;

/** What the memory is laid out by. */
export interface Layout {
  readonly dtype: Dtype;
  /** Inputs, then the outputs of each layer. */
  readonly widths: readonly number[];
  readonly relu: boolean;
  readonly bias: boolean;
  /** Whether it learns, or the gradient of its weights is wanted. */
  readonly learns: boolean;
  /** Points that are kept. */
  readonly points: number;
  /** And that pass through the network at once. */
  readonly batch: number;
  /** Whether gradients of points are wanted. */
  readonly wanted: boolean;
}

/** A network in the engine's memory; what it takes there is the caller's to rewind. */
export class NetworkWorkspace {
  readonly #engine: Engine;
  readonly #layout: Layout;
  readonly #task: Fields;
  readonly #net: Fields;

  /** @throws AdvnmfError `MEMORY` when it cannot fit. */
  constructor(engine: Engine, layout: Layout, team: Team = ALONE) {
    this.#engine = engine;
    this.#layout = layout;
    const { widths, dtype, points } = layout;
    this.#task = newTask(engine, team.size);
    this.#net = Fields.take(engine, "network", "the record of a network");
    this.#task.setInt("network", this.#net.address);
    this.#net.setInt("depth", widths.length - 1);
    this.#net.setInt("relu", layout.relu ? 1 : 0);
    this.#net.setInt("bias", layout.bias ? 1 : 0);
    this.#net.setInt("learns", layout.learns ? 1 : 0);
    this.#net.setInt("points", points);
    this.#net.setInt("batch", layout.batch);
    this.#net.setInt("wanted", layout.wanted ? 1 : 0);
    const first = this.#net.address + engine.constant("network_width0");
    new Int32Array(engine.arena.memory.buffer, first, widths.length).set(widths);
    const place = (base: number) =>
      engine.kernel("networkLayout")(this.#task.address, base, dtype === "f32" ? 4 : 8);
    const what = `a ${widths.join("-")} network in ${dtype} with ${points} points, ${layout.batch} at a time`;
    place(engine.arena.take(place(0), what));
    team.open(this.#task.address);
  }

  /** Lets the team go. Nothing else may be asked of it afterwards. */
  dismiss(): void {
    this.lead("end");
  }

  /** The whole team does it. */
  lead(command: keyof typeof COMMANDS, argument = 0): void {
    this.#call("lead", COMMANDS[command], argument);
  }

  #call(kernel: string, ...args: number[]): void {
    this.#engine.kernel(kernel, this.#layout.dtype)(this.#task.address, ...args);
  }

  #floats(address: number, length: number): Numbers {
    const buffer = this.#engine.arena.memory.buffer;
    return this.#layout.dtype === "f32"
      ? new Float32Array(buffer, address, length)
      : new Float64Array(buffer, address, length);
  }

  #ints(field: string, length: number): Int32Array {
    return new Int32Array(this.#engine.arena.memory.buffer, this.#net.pointer(field), length);
  }

  /** Whether somebody stopped the team on its way. */
  get stopped(): boolean {
    return this.#task.int("stop") !== 0;
  }

  /** Steps of Adam that were done. */
  get done(): number {
    return this.#net.int("done");
  }

  /** Sum of the losses of the points so far. */
  get loss(): number {
    return this.#net.number("loss");
  }

  set rate(rate: number) {
    this.#net.setNumber("rate", rate);
  }

  /** Where the next points begin. */
  set cursor(point: number) {
    this.#net.setInt("cursor", point);
  }

  /** Every layer by [W, b], row-major. */
  loadLayers(weights: readonly ArrayLike<number>[]): void {
    weights.forEach((own, l) => {
      this.#floats(this.#net.pointer("staging"), own.length).set(own);
      this.#call("loadLayer", l);
    });
  }

  /** Every layer at its start: uniform in ±1/√inputs. */
  start(seed: number): void {
    const { widths, bias, dtype } = this.#layout;
    for (let l = 0; l + 1 < widths.length; l++) {
      const columns = (widths[l] as number) + 1;
      const length = columns * (widths[l + 1] as number);
      const staging = this.#net.pointer("staging");
      this.#engine.kernel("uniform", dtype)(seed, START + l, length, staging, this.#net.pointer("scratch"));
      const numbers = this.#floats(staging, length);
      const bound = 1 / Math.sqrt(columns - 1);
      for (let i = 0; i < length; i++) {
        const isBias = i % columns === columns - 1;
        numbers[i] = isBias && !bias ? 0 : (2 * (numbers[i] as number) - 1) * bound;
      }
      this.#call("loadLayer", l);
    }
  }

  /** Copies of every W and b, or of their gradients; columns of the first W that were ignored are 0. */
  layers(gradient: boolean, ignored: readonly number[] = []): TrainedLayer[] {
    const { widths } = this.#layout;
    return widths.slice(1).map((outputs, l) => {
      const inputs = widths[l] as number;
      this.#call("storeLayer", l, gradient ? 1 : 0);
      const joined = this.#floats(this.#net.pointer("staging"), outputs * (inputs + 1));
      const W = joined.slice(0, outputs * inputs);
      const b = joined.slice(0, outputs);
      for (let i = 0; i < outputs; i++) {
        const from = i * (inputs + 1);
        W.set(joined.subarray(from, from + inputs), i * inputs);
        b[i] = joined[from + inputs] as number;
        if (l === 0) for (const column of ignored) W[i * inputs + column] = 0;
      }
      return { W: { rows: outputs, cols: inputs, data: W }, b };
    });
  }

  /** Points, row-major, from number `first` on; for a segment its start and its end. */
  setPoints(points: ArrayLike<number>, first = 0): void {
    const { dtype, widths } = this.#layout;
    const at = this.#net.pointer("data") + first * (widths[0] as number) * (dtype === "f32" ? 4 : 8);
    this.#floats(at, points.length).set(points);
  }

  setLabels(labels: ArrayLike<number>): void {
    this.#ints("labels", labels.length).set(labels);
  }

  /** The order of the points as they come. */
  inOrder(): void {
    const order = this.#ints("order", this.#layout.points);
    for (let i = 0; i < order.length; i++) order[i] = i;
  }

  /** Another order of the points (Fisher & Yates), by the seed and the number of the epoch. */
  shuffle(seed: number, epoch: number): void {
    const { arena } = this.#engine;
    const { points } = this.#layout;
    const mark = arena.mark();
    const drawn = arena.take(points * 8, "the order of the points");
    const scratch = this.#net.pointer("scratch");
    this.#engine.kernel("uniform", "f64")(seed, SHUFFLE + epoch, points, drawn, scratch);
    const numbers = new Float64Array(arena.memory.buffer, drawn, points);
    const order = this.#ints("order", points);
    for (let i = points - 1; i > 0; i--) {
      const j = Math.floor((numbers[i] as number) * (i + 1));
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    arena.rewind(mark);
  }

  /** Scores of the last `count` points, row-major. */
  scores(count: number): Numbers {
    return this.#floats(this.#net.pointer("scores"), count * (this.#layout.widths.at(-1) as number)).slice();
  }

  /** Gradients of the last `count` points, row-major. */
  gradients(count: number): Numbers {
    return this.#floats(this.#net.pointer("gradients"), count * (this.#layout.widths[0] as number)).slice();
  }

  /** ‖∇g‖ and ∇g·(start − end) of the last `count` points of a segment, one after the other. */
  figures(count: number): Float64Array {
    return new Float64Array(
      this.#engine.arena.memory.buffer,
      this.#net.pointer("figures"),
      2 * count,
    ).slice();
  }

  /** Scores at first + i·spacing of the segment, i < count. */
  way(first: number, spacing: number, count: number): void {
    this.#net.setNumber("first", first);
    this.#net.setNumber("spacing", spacing);
    this.lead("way", count);
  }

  /** The same, with figures and gradients of the margin f_own − f_other. */
  segment(own: number, other: number, first: number, spacing: number, count: number): void {
    this.#net.setInt("own", own);
    this.#net.setInt("other", other);
    this.#net.setNumber("first", first);
    this.#net.setNumber("spacing", spacing);
    this.lead("segment", count);
  }
}

/** The place of the largest of `count` numbers, from the first of them; of equals the first. */
export function argmax(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let j = 1; j < count; j++) {
    if ((values[from + j] as number) > (values[from + best] as number)) best = j;
  }
  return best;
}
