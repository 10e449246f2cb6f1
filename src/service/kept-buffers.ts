/** How many buffers wait for their next use at most. */
const keptMost = 8;

/**
 * Buffers of one size, each used again when it is given back: for one of some hundred KiB the system has to find and to
 * clear pages, and the garbage collector runs far more often than all else asks for.
 */
export class KeptBuffers {
  readonly #bytes: number;
  readonly #kept: Buffer[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** @returns one with anything in it */
  take(): Buffer {
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** @param buffer from `take`, and not used any more: what was to be sent of it is with the operating system */
  give(buffer: Buffer): void {
    if (this.#kept.length < keptMost) this.#kept.push(buffer);
  }
}
