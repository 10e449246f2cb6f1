import type { Readable } from "node:stream";
import { limits } from "../domain/limits.ts";
import { KeptBuffers } from "../service/kept-buffers.ts";
import { Refusal } from "./route.ts";

// NDJSON: one JSON text a line. Bodies of any length are read and answered in constant memory:
//
//   const lines = new LineReader(call);
//   while (await lines.more()) {
//     await nextTurn();
//     for (let line = lines.take(); line !== undefined; line = lines.take()) yield* out.put(answerTo(line));
//     if (!out.isEmpty) yield out.take();
//   }
//   lines.close();
//   out.close();
//
// A generator that does this is the `lines` of an Answer. It takes a turn of the event loop for each slice of its work.

/** Bytes that are taken from a body at once, and answered in one turn of the event loop at most. */
const partBytes = 64 * 1024;

/** Bytes of an answer that are sent at once: as many as answer a part briefly, mostly. */
const sentBytes = 320 * 1024;

/** Bytes of a body that are held at most: a line as long as is allowed, and what comes at once after it. */
const heldBytes = limits.lineBytes + partBytes;

/** Bytes behind them: for a line feed that the body lacks at its end, and for whoever reads on a little without looking. */
const spareBytes = 64;

const incomingBuffers = new KeptBuffers(heldBytes + spareBytes);
const outgoingBuffers = new KeptBuffers(sentBytes);

/** Bytes that are always enough for a line which answers a subject briefly. */
const roomBytes = 1024;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;

/** A line of a body. */
export interface Line {
  /** Counted from 1, blank lines included. */
  readonly number: number;
  /**
   * What stands in it, without spaces before it and without its end; undefined when it is longer than is allowed. It is
   * overwritten once more of the body is waited for.
   */
  readonly bytes: Buffer | undefined;
}

/** A body that comes line by line, and the look whether its sender may go on, which throws where it may not. */
interface Incoming {
  readonly incoming: Readable;
  readonly admitAgain: () => void;
}

/** Reads the lines of a body while it comes. What is not taken is not asked of the sender either. */
export class LineReader {
  readonly #incoming: Readable;
  readonly #admitAgain: () => void;
  readonly #bytes = incomingBuffers.take();
  /** Where the next line begins, where the last whole line ends, and where what has come ends. */
  #start = 0;
  #whole = 0;
  #end = 0;
  /** Where the line begins that was taken last. */
  #taken = 0;
  /** What has come and was not copied yet: a part, from somewhere in it on. No other comes until all of it was. */
  #rest: { readonly part: Buffer; readonly from: number } | undefined;
  #isOver = false;
  /** Whether the beginning of the next line was thrown away, because the line is too long. */
  #isCutOff = false;
  #line = 0;
  #wake = () => {};

  /** @param incoming nobody else may read it, nor use the parts that it gives: their memory is given back */
  constructor({ incoming, admitAgain }: Incoming) {
    this.#incoming = incoming;
    this.#admitAgain = admitAgain;
    // Not `read()`: that would join the parts that have come, and leave the memory of each to the garbage collector.
    incoming.on("data", (part: Buffer) => {
      incoming.pause();
      this.#rest = { part, from: 0 };
      this.#wake();
    });
    for (const event of ["end", "close", "error"]) incoming.on(event, () => this.#wake());
  }

  /** The number of the last line that was taken; 0 at the beginning. */
  get line(): number {
    return this.#line;
  }

  /** Whole lines that have come and were not taken, some 128 KiB at most. Empty when the next is too long. */
  get whole(): Buffer {
    return this.#isCutOff ? this.#bytes.subarray(0, 0) : this.#bytes.subarray(this.#start, this.#whole);
  }

  /** Whether one has come that was not taken, be it too long. */
  get hasWhole(): boolean {
    return this.#start < this.#whole;
  }

  /** Counts the first of the whole lines as taken. */
  skip(bytes: number, lines: number): void {
    this.#start += bytes;
    this.#line += lines;
  }

  /**
   * Waits for a whole line, if none is there.
   *
   * @returns false at the end of the body
   * @throws Refusal when a line does not come in time, or the sender is gone or may not go on by then
   */
  async more(): Promise<boolean> {
    let isLate = false;
    let timer: NodeJS.Timeout | undefined;
    const late = () => {
      isLate = true;
      this.#wake();
    };
    try {
      while (!this.hasWhole && !this.#isOver) {
        if (this.#readOn()) continue;
        if (this.#incoming.destroyed) throw new Refusal("request-malformed");
        if (isLate) throw new Refusal("request-too-slow", [], { connection: "close" });
        timer ??= setTimeout(late, limits.lineMs);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      if (this.hasWhole) this.#admitAgain();
      return this.hasWhole;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The next line that is not blank; undefined when no whole one is there. */
  take(): Line | undefined {
    const begin = this.#isCutOff ? this.#start : this.#skipBlank();
    if (!this.hasWhole) return undefined;
    this.#taken = this.#start;
    const end = this.#bytes.indexOf(lineFeed, this.#start);
    const isTooLong = this.#isCutOff || end - begin > limits.lineBytes;
    const bytes = isTooLong ? undefined : this.#bytes.subarray(this.#start, end);
    this.#isCutOff = false;
    this.#start = end + 1;
    this.#line += 1;
    return { number: this.#line, bytes };
  }

  /** Gives back what `take` gave, unless it was too long: the next `take` gives it again. */
  putBack(): void {
    this.#start = this.#taken;
    this.#line -= 1;
  }

  /** Nothing of it is used any more, no line either. */
  close(): void {
    incomingBuffers.give(this.#bytes);
  }

  /**
   * Passes over blank lines, and over the space before the next one.
   *
   * @returns where that line begins
   */
  #skipBlank(): number {
    let begin = this.#start;
    while (this.#start < this.#whole && isSpace(this.#bytes[this.#start])) {
      this.#start += 1;
      if (this.#bytes[this.#start - 1] !== lineFeed) continue;
      this.#line += 1;
      begin = this.#start;
    }
    return begin;
  }

  /** @returns whether there was anything to be read, be it the end */
  #readOn(): boolean {
    if (this.#rest !== undefined) this.#add(this.#rest.part, this.#rest.from);
    else if (this.#incoming.readableEnded) this.#finish();
    else {
      this.#incoming.resume();
      return false;
    }
    return true;
  }

  /** Adds what has come to the beginning of a line that is there already; of a line that is too long, nothing is kept. */
  #add(part: Buffer, from: number): void {
    if (heldBytes - this.#end < partBytes) this.#moveToFront();
    const taken = Math.min(part.length - from, heldBytes - this.#end);
    part.copy(this.#bytes, this.#end, from, from + taken);
    this.#rest = from + taken < part.length ? { part, from: from + taken } : undefined;
    if (this.#rest === undefined) release(part);
    const lastFeed = this.#bytes.subarray(this.#end, this.#end + taken).lastIndexOf(lineFeed);
    if (lastFeed >= 0) this.#whole = this.#end + lastFeed + 1;
    this.#end += taken;
    if (lastFeed >= 0 || (!this.#isCutOff && this.#end - this.#start <= limits.lineBytes)) return;
    this.#isCutOff = true;
    this.#start = this.#whole = this.#end = 0;
  }

  #moveToFront(): void {
    this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = this.#whole = 0;
  }

  /** The last line may lack its line feed. */
  #finish(): void {
    this.#isOver = true;
    if (this.#end === this.#start && !this.#isCutOff) return;
    this.#bytes[this.#end] = lineFeed;
    this.#end += 1;
    this.#whole = this.#end;
  }
}

/**
 * Gives back the memory of a part that was copied. Left to the garbage collector, the parts of a batch make it look through
 * the whole heap some times a second, and everything else waits longer meanwhile.
 */
function release({ buffer, byteLength }: Buffer): void {
  // What shares its memory with others is theirs too.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function isSpace(byte: number | undefined): boolean {
  return byte === lineFeed || byte === space || byte === carriageReturn || byte === tab;
}

/**
 * Gathers the lines of an answer until they are sent. What `take` gives is overwritten afterwards: the server asks for the
 * next part only when the one before is on its way.
 */
export class LineBuffer {
  readonly #bytes = outgoingBuffers.take();
  #end = 0;

  get isEmpty(): boolean {
    return this.#end === 0;
  }

  /** Whether there may be no room for one more line. */
  get isFull(): boolean {
    return this.#end > sentBytes - roomBytes;
  }

  /** Where bytes may be written; `wrote` says how many were. */
  get room(): Buffer {
    return this.#bytes.subarray(this.#end);
  }

  wrote(bytes: number): void {
    this.#end += bytes;
  }

  /** All that is there, to be sent. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#end);
    this.#end = 0;
    return taken;
  }

  /** Nothing of it is used any more: all that `take` gave is on its way. */
  close(): void {
    outgoingBuffers.give(this.#bytes);
  }

  /**
   * Adds a text, its line feed included.
   *
   * @yields what has to be sent to make room for it
   */
  *put(text: string): Generator<Buffer, void> {
    if (this.#add(text)) return;
    if (!this.isEmpty) yield this.take();
    if (!this.#add(text)) yield Buffer.from(text);
  }

  #add(text: string): boolean {
    const room = this.#bytes.length - this.#end;
    const bytesMax = text.length * 3;
    if (bytesMax > room && Buffer.byteLength(text) > room) return false;
    this.#end += this.#bytes.write(text, this.#end);
    return true;
  }
}
