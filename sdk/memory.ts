// The arena: everything above the module's own data belongs to it. Memory is taken in order and given
// back to a mark, never freed piece by piece; views are made fresh, since growth detaches them.

import { AdvnmfError } from "./errors.js";

const PAGE = 65536;
/** The ceiling of a 32-bit memory. */
const CEILING = 65536 * PAGE;

/** `bytes` as a person reads them: 2 significant decimals, binary units. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(2)} ${units[unit]}`;
}

/** A stack of blocks in one WebAssembly memory. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  #top: number;
  #peak: number;

  /** `base`: the first byte that is not the module's own. */
  constructor(memory: WebAssembly.Memory, base: number) {
    this.memory = memory;
    this.#top = Math.ceil(base / 16) * 16;
    this.#peak = this.#top;
  }

  /** The present top, to be handed to {@link rewind}. */
  mark(): number {
    return this.#top;
  }

  /** Gives back everything taken since `mark`. */
  rewind(mark: number): void {
    this.#top = mark;
  }

  /** Forgets the highest top so far and starts to measure again from the present one. */
  resetPeak(): void {
    this.#peak = this.#top;
  }

  /** The highest top since {@link resetPeak}. */
  get peak(): number {
    return this.#peak;
  }

  /**
   * Takes `bytes`, on a 16-byte boundary, and grows the memory where needed.
   *
   * @param what names the taker in the error.
   * @throws AdvnmfError `MEMORY` when it would pass 4 GiB, or the host refuses to grow.
   */
  take(bytes: number, what: string): number {
    const start = this.#top;
    const end = start + Math.ceil(bytes / 16) * 16;
    if (end > CEILING) {
      throw new AdvnmfError(
        "MEMORY",
        `${what} needs ${formatBytes(bytes)} of WebAssembly memory, which ends at 4 GiB; use Float32Array data, a lower rank or a part of the matrix`,
        { needed: bytes, limit: CEILING - start },
      );
    }
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE));
      } catch (cause) {
        throw new AdvnmfError(
          "MEMORY",
          `${what} needs ${formatBytes(bytes)} of WebAssembly memory, and the host refused to grow it from ${formatBytes(this.memory.buffer.byteLength)}`,
          { needed: bytes, got: this.memory.buffer.byteLength },
          { cause },
        );
      }
    }
    this.#top = end;
    if (end > this.#peak) this.#peak = end;
    return start;
  }
}
