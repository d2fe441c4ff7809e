// A record in the engine's memory, field by field: what the host tells the kernels, and what they tell it.

import type { Engine } from "./engine.js";

export class Fields {
  readonly address: number;
  readonly #engine: Engine;
  readonly #prefix: string;

  /** `prefix`: what the exported offsets of its fields begin with (assembly/index.ts). */
  constructor(engine: Engine, address: number, prefix: string) {
    this.#engine = engine;
    this.address = address;
    this.#prefix = prefix;
  }

  /** A new record, all zeros. */
  static take(engine: Engine, prefix: string, what: string): Fields {
    const bytes = engine.constant(`${prefix}_bytes`);
    const address = engine.arena.take(bytes, what);
    new Uint8Array(engine.arena.memory.buffer, address, bytes).fill(0);
    return new Fields(engine, address, prefix);
  }

  #view(): DataView {
    return new DataView(this.#engine.arena.memory.buffer);
  }

  #at(field: string): number {
    return this.address + this.#engine.constant(`${this.#prefix}_${field}`);
  }

  setInt(field: string, value: number): void {
    this.#view().setInt32(this.#at(field), value, true);
  }

  int(field: string): number {
    return this.#view().getInt32(this.#at(field), true);
  }

  setNumber(field: string, value: number): void {
    this.#view().setFloat64(this.#at(field), value, true);
  }

  number(field: string): number {
    return this.#view().getFloat64(this.#at(field), true);
  }

  pointer(field: string): number {
    return this.#view().getUint32(this.#at(field), true);
  }

  /** The i32 that a pointer points to. */
  ints(field: string, count: number): number[] {
    return [...new Int32Array(this.#engine.arena.memory.buffer, this.pointer(field), count)];
  }

  /** The f64 that a pointer points to. */
  numbers(field: string, count: number): number[] {
    return [...new Float64Array(this.#engine.arena.memory.buffer, this.pointer(field), count)];
  }
}
