import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limits } from "../domain/limits.ts";
import { LineBuffer, LineReader } from "./ndjson.ts";
import { Refusal } from "./route.ts";

type Told = readonly [number: number, text: string | undefined];

/** Of a sender that may go on for ever. */
function readerOf(incoming: Readable): LineReader {
  return new LineReader({ incoming, admitAgain: () => {} });
}

async function linesOf(parts: readonly (Buffer | string)[]): Promise<Told[]> {
  const buffers = parts.map((part) => Buffer.from(part));
  const lines = readerOf(Readable.from(buffers, { objectMode: false }));
  const told: Told[] = [];
  while (await lines.more()) {
    for (let line = lines.take(); line !== undefined; line = lines.take())
      told.push([line.number, line.bytes?.toString("latin1")]);
  }
  assert.equal(await lines.more(), false, "the end stays the end");
  return told;
}

/** How many milliseconds it takes to read lines of which each byte comes by itself. */
async function timeByteByByte(sent: string): Promise<number> {
  const incoming = new PassThrough({ highWaterMark: 2 * sent.length });
  for (const byte of sent) incoming.write(byte);
  incoming.end();
  const began = performance.now();
  const lines = readerOf(incoming);
  let bytes = 0;
  while (await lines.more()) {
    for (let line = lines.take(); line !== undefined; line = lines.take()) bytes += 1 + (line.bytes?.length ?? 0);
  }
  assert.equal(bytes, sent.length);
  return performance.now() - began;
}

describe("the lines of a body", () => {
  it("are split at line feeds, whatever the parts in which they come", async () => {
    const line = fc.oneof(
      fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/\s/g, ".")),
      fc.constantFrom("", " ", "\r", "\t \r", "x".repeat(limits.lineBytes), "y".repeat(limits.lineBytes + 1)),
      fc.constantFrom("z".repeat(3 * limits.lineBytes)),
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), cuts, fc.boolean(), async (texts, lengths, isEnded) => {
        const body = Buffer.from(texts.join("\n") + (isEnded && texts.length > 0 ? "\n" : ""));
        const expected = texts.flatMap((text, index): Told[] => {
          const bytes = Buffer.from(text).toString("latin1");
          if (bytes.length > limits.lineBytes) return [[index + 1, undefined]];
          return bytes.trim() === "" ? [] : [[index + 1, bytes]];
        });
        assert.deepEqual(await linesOf(cutInto(body, lengths)), expected);
      }),
      { numRuns: 60 },
    );
  });

  it("are counted from 1, blank ones included, and lose the space before them", async () => {
    assert.deepEqual(await linesOf(["\n\r\n", "  a\r\n", "\t\n b"]), [
      [3, "a\r"],
      [5, "b"],
    ]);
  });

  it("leave no memory to the garbage collector that is theirs alone, and what is shared to those who share it", async () => {
    const own = Buffer.from(new TextEncoder().encode('"a"\n').buffer);
    const [shared, beside] = [Buffer.from('"b"\n'), Buffer.from("beside it")];
    assert.equal(shared.buffer, beside.buffer, "small buffers are made of one memory");
    const large = Buffer.from(new TextEncoder().encode(`${"x".repeat(99)}\n`.repeat(5000)).buffer);
    const incoming = new Readable({ read: () => undefined });
    // All of them have come before the first is read.
    for (const part of [own, shared, large, null]) incoming.push(part);
    const lines = readerOf(incoming);
    const texts: (string | undefined)[] = [];
    while (await lines.more()) texts.push(lines.take()?.bytes?.toString());
    assert.deepEqual(texts.slice(0, 2), ['"a"', '"b"']);
    assert.deepEqual([texts.length, new Set(texts.slice(2))], [5002, new Set(["x".repeat(99)])]);
    assert.deepEqual([own.length, large.length], [0, 0]);
    assert.deepEqual([shared.toString(), beside.toString()], ['"b"\n', "beside it"]);
  });

  it("of an empty body are none", async () => {
    assert.deepEqual(await linesOf([]), []);
    assert.deepEqual(await linesOf(["\n \n\t"]), []);
  });

  it("that are too long are told, and not kept", async () => {
    const long = Buffer.alloc(64 * 1024, 0x61);
    const parts = Array.from({ length: 200 }, () => long);
    assert.deepEqual(await linesOf(["a\n", ...parts, "\nb"]), [
      [1, "a"],
      [2, undefined],
      [3, "b"],
    ]);
    assert.deepEqual(await linesOf(parts), [[1, undefined]]);
  });

  it("come byte by byte as well, and a long one costs no more for that than many short ones", async () => {
    const [long, short]: [number[], number[]] = [[], []];
    for (let round = 0; round < 3; round += 1) {
      short.push(await timeByteByByte(`${"a".repeat(99)}\n`.repeat(600)));
      long.push(await timeByteByByte(`${"a".repeat(59_999)}\n`));
    }
    assert.ok(Math.min(...long) < 2 * Math.min(...short), `${long.join()} ms, beside ${short.join()} ms`);
  });

  it("can be taken whole, passed over, and put back", async () => {
    const lines = readerOf(Readable.from([Buffer.from('"a"\n"b"\n\n"c"\n"d')]));
    assert.ok(await lines.more());
    assert.equal(lines.whole.toString(), '"a"\n"b"\n\n"c"\n');
    lines.skip(4, 1);
    assert.equal(lines.take()?.number, 2);
    lines.putBack();
    assert.equal(lines.whole.toString(), '"b"\n\n"c"\n');
    assert.equal(lines.take()?.number, 2);
    assert.equal(lines.take()?.number, 4);
    assert.equal(lines.line, 4);
    assert.equal(lines.hasWhole, false);
    assert.ok(await lines.more());
    assert.equal(lines.take()?.bytes?.toString(), '"d');
  });

  it("are not asked for while none is taken", async () => {
    let sent = 0;
    const endless = Readable.from(
      (function* () {
        for (; ; sent += 1) yield Buffer.alloc(16 * 1024, "a\n");
      })(),
      { objectMode: false, highWaterMark: 16 * 1024 },
    );
    const lines = readerOf(endless);
    await lines.more();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(sent < 16, String(sent));
    endless.destroy();
  });

  it("that do not come in time are refused, and so is what breaks off", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const slow = new PassThrough();
    const reading = readerOf(slow).more();
    for (let part = 0; part < 3; part += 1) {
      slow.write("a");
      await new Promise(setImmediate);
      test.mock.timers.tick(limits.lineMs / 3 + 1);
    }
    await assert.rejects(reading, (error) => error instanceof Refusal && error.problem === "request-too-slow");
    const broken = new PassThrough();
    const waiting = readerOf(broken).more();
    broken.destroy(new Error("gone"));
    await assert.rejects(waiting, (error) => error instanceof Refusal && error.problem === "request-malformed");
  });
});

describe("the lines of an answer", () => {
  it("are gathered, and given when there is no room for the next", () => {
    const out = new LineBuffer();
    assert.deepEqual([...out.put("a\n")], []);
    const most = "é".repeat(150 * 1024);
    assert.deepEqual([...out.put(most)], []);
    assert.equal(out.isFull, false);
    const given: string[] = [];
    for (const part of out.put(most)) given.push(part.toString());
    assert.deepEqual(given, [`a\n${most}`]);
    assert.equal(out.take().toString(), most);
    assert.ok(out.isEmpty);
    out.wrote(out.room.write("b\n"));
    const parts: string[] = [];
    for (const part of out.put("x".repeat(400 * 1024))) parts.push(part.toString().slice(0, 3));
    assert.deepEqual(parts, ["b\n", "xxx"]);
  });
});

function* cut(body: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const length of lengths) {
    if (at >= body.length) return;
    yield body.subarray(at, at + length);
    at += length;
  }
  yield body.subarray(at);
}

function cutInto(body: Buffer, lengths: readonly number[]): Buffer[] {
  return [...cut(body, lengths)].filter((part) => part.length > 0);
}
