// Lists the instructions of a WebAssembly module, by walking through its code as a runtime does (WebAssembly
// core specification, §5.4 and §5.5). A search for bytes would stumble over numbers and data that look like
// instructions, and miss opcodes that are written with more bytes than they need. What the walk does not
// know stops it.

/** One instruction: its opcode, behind its prefix byte (0 = none), and where it begins in the module. */
export interface Instruction {
  readonly prefix: number;
  readonly opcode: number;
  readonly offset: number;
}

const CODE_SECTION = 10;
const [BLOCK, LOOP, IF, END] = [0x02, 0x03, 0x04, 0x0b] as const;
const [BULK, SIMD, ATOMIC] = [0xfc, 0xfd, 0xfe] as const;

/** Relaxed SIMD is everything behind the SIMD prefix from here on; what it gives depends on the processor. */
const FIRST_RELAXED = 0x100;
const LAST_RELAXED = 0x113;

export function isRelaxed({ prefix, opcode }: Instruction): boolean {
  return prefix === SIMD && opcode >= FIRST_RELAXED;
}

/** All instructions of all functions, in order. @throws Error at one that is unknown or cut off. */
export function instructions(module: Uint8Array): Instruction[] {
  const found: Instruction[] = [];
  const reader = new Reader(module, 8);
  while (reader.at < module.length) {
    const id = reader.byte();
    const size = reader.number();
    const end = reader.at + size;
    if (id === CODE_SECTION) readFunctions(reader, found);
    else reader.skip(size);
    if (reader.at !== end) throw new Error(`section ${id} does not end at byte ${end}`);
  }
  return found;
}

function readFunctions(reader: Reader, found: Instruction[]): void {
  for (let count = reader.number(); count > 0; count--) {
    const size = reader.number();
    const end = reader.at + size;
    for (let locals = reader.number(); locals > 0; locals--) {
      reader.number();
      reader.byte();
    }
    readBody(reader, found);
    if (reader.at !== end) throw new Error(`a function does not end at byte ${end}`);
  }
}

/** Reads up to the `end` that belongs to the function. */
function readBody(reader: Reader, found: Instruction[]): void {
  for (let depth = 1; depth > 0; ) {
    const offset = reader.at;
    const first = reader.byte();
    const prefix = first >= BULK && first <= ATOMIC ? first : 0;
    const opcode = prefix === 0 ? first : reader.number();
    found.push({ prefix, opcode, offset });
    skipImmediates(reader, prefix, opcode);
    if (prefix !== 0) continue;
    if (opcode === BLOCK || opcode === LOOP || opcode === IF) depth++;
    if (opcode === END) depth--;
  }
}

/** What follows an opcode: numbers, a memory argument (two numbers), fixed bytes. */
interface Immediates {
  readonly numbers?: number;
  readonly bytes?: number;
  /** A vector of numbers comes first. */
  readonly vector?: boolean;
}

const NONE: Immediates = {};
const ONE: Immediates = { numbers: 1 };
const TWO: Immediates = { numbers: 2 };

function skipImmediates(reader: Reader, prefix: number, opcode: number): void {
  const kind = immediates(prefix, opcode);
  if (!kind) {
    throw new Error(
      `unknown instruction ${prefix.toString(16)} ${opcode.toString(16)} before byte ${reader.at}`,
    );
  }
  const listed = kind.vector ? reader.number() : 0;
  for (let count = listed + (kind.numbers ?? 0); count > 0; count--) reader.skipNumber();
  reader.skip(kind.bytes ?? 0);
}

function immediates(prefix: number, opcode: number): Immediates | undefined {
  if (prefix === SIMD) return simdImmediates(opcode);
  if (prefix === ATOMIC) return atomicImmediates(opcode);
  if (prefix === BULK) return bulkImmediates(opcode);
  return plainImmediates(opcode);
}

function plainImmediates(opcode: number): Immediates | undefined {
  const is = (low: number, high = low) => opcode >= low && opcode <= high;
  if (is(0x00, 0x01) || is(0x05) || is(END) || is(0x0f) || is(0x1a, 0x1b)) return NONE;
  // Blocks with their type, branches, calls, variables, memory.size and memory.grow, whole constants.
  if (is(BLOCK, IF) || is(0x0c, 0x0d) || is(0x10) || is(0x20, 0x26) || is(0x3f, 0x42)) return ONE;
  if (is(0x0e)) return { vector: true, numbers: 1 };
  if (is(0x1c)) return { vector: true };
  // call_indirect; loads and stores.
  if (is(0x11) || is(0x28, 0x3e)) return TWO;
  if (is(0x43)) return { bytes: 4 };
  if (is(0x44)) return { bytes: 8 };
  if (is(0x45, 0xc4) || is(0xd1)) return NONE;
  if (is(0xd0) || is(0xd2)) return ONE;
  return undefined;
}

function bulkImmediates(opcode: number): Immediates | undefined {
  if (opcode <= 7) return NONE;
  if (opcode === 8 || opcode === 10 || opcode === 12 || opcode === 14) return TWO;
  return opcode <= 17 ? ONE : undefined;
}

function simdImmediates(opcode: number): Immediates | undefined {
  const is = (low: number, high = low) => opcode >= low && opcode <= high;
  if (is(0x00, 0x0b) || is(0x5c, 0x5d)) return TWO;
  // v128.const and the shuffle; lanes; loads and stores of a lane.
  if (is(0x0c, 0x0d)) return { bytes: 16 };
  if (is(0x15, 0x22)) return { bytes: 1 };
  if (is(0x54, 0x5b)) return { numbers: 2, bytes: 1 };
  return opcode <= LAST_RELAXED ? NONE : undefined;
}

function atomicImmediates(opcode: number): Immediates | undefined {
  if (opcode === 0x03) return { bytes: 1 };
  return opcode <= 0x4e ? TWO : undefined;
}

class Reader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.#bytes[this.at++];
    if (value === undefined) throw new Error("the module is cut off");
    return value;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /** An unsigned number in LEB128. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** A number in LEB128, signed or not. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }
}
