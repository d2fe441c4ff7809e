// The release build: what the module asks of a host, what it offers, and which instructions it may not
// hold. `npm run build` makes the file.

import { readFileSync } from "node:fs";
import binaryen from "assemblyscript/binaryen";
import { beforeAll, describe, expect, test } from "vitest";
import { type Instruction, instructions, isRelaxed } from "./instructions.js";

const url = new URL("../../dist/advnmf.wasm", import.meta.url);

/** Kernels that must be there; the rest of the exports has to come in pairs too. */
const KERNELS = [
  "layout",
  "stagingRows",
  "stagedH",
  "loadRows",
  "measure",
  "storeFactors",
  "initRandom",
  "initHalfNormal",
  "initNndsvd",
  "nndsvdBytes",
  "lead",
  "follow",
  "uniform",
];

describe("dist/advnmf.wasm", () => {
  let bytes: Buffer<ArrayBuffer>;
  let module: WebAssembly.Module;
  let text: string;

  beforeAll(() => {
    bytes = readFileSync(url);
    module = new WebAssembly.Module(bytes);
    const parsed = binaryen.readBinary(bytes);
    text = parsed.emitText();
    parsed.dispose();
  });

  test("imports the shared memory and the wait, and nothing else", () => {
    const imports = WebAssembly.Module.imports(module).map(
      ({ module, name, kind }) => `${module}.${name} ${kind}`,
    );
    expect(imports.sort()).toEqual(["env.memory memory", "env.waitWhile function"]);
    expect(text).toMatch(/\(import "env" "memory" \(memory \S+ 16 65536 shared\)\)/);
  });

  test("exports every kernel for f32 and for f64", () => {
    const functions = WebAssembly.Module.exports(module)
      .filter(({ kind }) => kind === "function")
      .map(({ name }) => name);
    for (const kernel of KERNELS) expect(functions).toContain(`${kernel}_f32`);
    const of = (type: string) =>
      functions.filter((name) => name.endsWith(type)).map((name) => name.slice(0, -type.length));
    expect(of("_f64").sort()).toEqual(of("_f32").sort());
  });

  test("the offsets of the task's fields are apart and inside the block", () => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory, waitWhile() {} } });
    const fields = Object.entries(exports).filter(([name]) => /^task_(?!bytes$)/.test(name));
    const offsets = fields.map(([, field]) => (field as WebAssembly.Global).value as number);
    expect(fields.length).toBeGreaterThan(20);
    expect(new Set(offsets).size).toBe(offsets.length);
    expect(Math.max(...offsets)).toBeLessThan((exports.task_bytes as WebAssembly.Global).value);
    // The host's memory begins where static data end.
    const base = (exports.heap_base as WebAssembly.Global).value as number;
    expect(base).toBeGreaterThan(0);
    expect(base % 16).toBe(0);
  });

  test("no relaxed SIMD, whose results differ by processor", () => {
    expect(instructions(bytes).filter(isRelaxed)).toEqual([]);
  });

  test("the walk over the instructions finds what another reader finds", () => {
    const walked = instructions(bytes);
    const known: [name: string, prefix: number, opcode: number][] = [
      ["f64x2.mul", 0xfd, 0xf2],
      ["f32x4.mul", 0xfd, 0xe6],
      ["f64x2.add", 0xfd, 0xf0],
      ["v128.store", 0xfd, 0x0b],
      ["v128.const", 0xfd, 0x0c],
      ["f64.div", 0, 0xa3],
      ["f64.sqrt", 0, 0x9f],
      ["call", 0, 0x10],
      ["memory.fill", 0xfc, 0x0b],
      ["memory.atomic.notify", 0xfe, 0x00],
    ];
    for (const [name, prefix, opcode] of known) {
      const count = walked.filter((found) => found.prefix === prefix && found.opcode === opcode).length;
      expect(count, name).toBeGreaterThan(0);
      expect(count, name).toBe(text.match(new RegExp(`\\(${name}\\s`, "g"))?.length);
    }
  });

  test("no wait inside the module: the host waits", () => {
    expect(text).toContain("memory.atomic.notify");
    expect(text).not.toContain("memory.atomic.wait");
  });

  test("no allocator: the memory never grows from inside, and nothing aborts", () => {
    expect(text).toContain("memory.fill");
    expect(text).not.toContain("memory.grow");
    expect(text).not.toMatch(/\babort\b/);
  });

  test("no more than 192 KiB", () => {
    expect(bytes.length).toBeLessThanOrEqual(192 * 1024);
  });
});

describe("the scan for relaxed SIMD", () => {
  /** A module of one function with this body, before its `end`. */
  const moduleOf = (...body: number[]) =>
    Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 4, 1, 0x60, 0, 0],
      ...[3, 2, 1, 0],
      ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b],
    ]);
  const relaxed = (...body: number[]): Instruction[] => instructions(moduleOf(...body)).filter(isRelaxed);

  test("every relaxed instruction is caught", () => {
    for (let low = 0; low <= 0x13; low++) expect(relaxed(0xfd, 0x80 | low, 0x02)).toHaveLength(1);
  });

  test("an opcode with more bytes than it needs is caught", () => {
    expect(relaxed(0xfd, 0x85, 0x82, 0x80, 0x00)).toHaveLength(1);
  });

  test("numbers that look like one are not: v128.const, i32.const, f32.const", () => {
    const look = [0xfd, 0x85, 0x02];
    expect(relaxed(0xfd, 0x0c, ...look, ...look, ...look, ...look, ...look, 0, 0x1a)).toEqual([]);
    expect(relaxed(0x41, 0xfd, 0x85, 0x02, 0x1a, 0x43, ...look, 0, 0x1a)).toEqual([]);
  });

  test("the real module with one instruction exchanged is caught", () => {
    const doctored = Uint8Array.from(readFileSync(url));
    const product = instructions(doctored).find(({ prefix, opcode }) => prefix === 0xfd && opcode === 0xf2)!;
    // f64x2.relaxed_min takes and gives what f64x2.mul does.
    doctored.set([0xfd, 0x8f, 0x02], product.offset);
    expect(instructions(doctored).filter(isRelaxed)).toEqual([{ ...product, opcode: 0x10f }]);
  });

  test("what is unknown or cut off stops it", () => {
    expect(() => instructions(moduleOf(0xfd, 0x94, 0x02))).toThrow("unknown instruction fd 114");
    expect(() => instructions(moduleOf(0x06))).toThrow("unknown instruction 0 6");
    expect(() => instructions(moduleOf(0x41))).toThrow();
    expect(() => instructions(readFileSync(url).subarray(0, 5000))).toThrow();
  });
});
