import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { stored, streamOf } from "../../../test/contract/store-support.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import type { Stream } from "../../domain/stream.ts";
import type { Digest } from "../digest.ts";
import { append } from "./append.ts";
import { Database, type Session } from "./database.ts";
import { digestOf } from "./digests.ts";
import { Group } from "./group.ts";
import { type Head, Heads } from "./heads.ts";

const start = Date.parse("2026-03-03T14:05:00.000Z");

interface Place {
  readonly session: Session;
  readonly digest: Digest;
  readonly heads: Heads;
}

/** A database of one's own, and one session on it. */
async function place(test: TestContext): Promise<Place> {
  const database = new Database(await newDatabase());
  test.after(() => database.close());
  const session = await database.session();
  test.after(() => session.drop());
  const digest = await digestOf(session);
  return { session, digest, heads: new Heads(session, digest) };
}

/** A group with one change of each of the streams, none of which is read. */
function groupOf(streams: readonly Stream[], ms: number): Group {
  const nothing = { owners: new Map(), freeIds: new Map(), positions: new Map() };
  const group = new Group({ ...nothing, heads: new Map() }, new Date(ms).toISOString(), undefined);
  const drafts = streams.map((stream) => stored(stream, ["a"], [`+1${stream}`]));
  const [first, ...rest] = drafts;
  assert(first !== undefined);
  const write = { reads: [], step: () => ({ append: [first, ...rest] as const }) };
  group.run({ write, since: 0, resolve: () => {}, reject: (reason) => assert.ifError(reason) });
  return group;
}

async function headsOf({ session, heads }: Place, streams: readonly Stream[]): Promise<Map<Stream, Head | undefined>> {
  const found = await heads.readIn(session, streams);
  return new Map(streams.map((stream, index) => [stream, found[index]]));
}

/** Appends on top of what the streams have at this moment. */
async function appended(at: Place, streams: readonly Stream[], ms: number) {
  return append(at.session, at.digest, groupOf(streams, ms), ms, await headsOf(at, streams));
}

function streamsTo(count: number): Stream[] {
  return Array.from({ length: count }, (_, index) => streamOf(`customer:${index + 1}`));
}

describe("an append on PostgreSQL", () => {
  it("is refused when a stream has moved on since it was read, also one that only was read", async (test) => {
    const at = await place(test);
    const [one, two] = [streamOf("customer:1"), streamOf("customer:2")];
    const before = await headsOf(at, [one, two]);
    assert.deepEqual(await appended(at, [two], start), { first: 0 });
    const outcome = await append(at.session, at.digest, groupOf([one], start), start, before);
    assert.deepEqual(outcome, { refused: "moved" });
    assert.deepEqual(await appended(at, [one], start), { first: 1 });
  });

  it("is refused when the log has a later time, and says which", async (test) => {
    const at = await place(test);
    await appended(at, streamsTo(1), start + 5000);
    assert.deepEqual(await appended(at, streamsTo(1), start), { refused: "late", at: start + 5000 });
    assert.deepEqual(await appended(at, streamsTo(2), start + 5000), { first: 1 });
  });

  it("counts new streams in the order of their first changes, beside those that are there", async (test) => {
    const at = await place(test);
    const [one, two, three, four] = streamsTo(4) as [Stream, Stream, Stream, Stream];
    await appended(at, [two], start);
    await appended(at, [four, two, one, three], start);
    const rows = await at.session.rows<{ id: number; head: number }>("SELECT id, head FROM saywhen.stream ORDER BY id");
    assert.deepEqual(rows, [
      { id: 1, head: 2 },
      { id: 2, head: 1 },
      { id: 3, head: 3 },
      { id: 4, head: 4 },
    ]);
    const links = await at.session.rows("SELECT stream, previous FROM saywhen.change ORDER BY position");
    assert.deepEqual(links, [
      { stream: 1, previous: null },
      { stream: 2, previous: null },
      { stream: 1, previous: 0 },
      { stream: 3, previous: null },
      { stream: 4, previous: null },
    ]);
  });

  it("goes by indexes, one partition a subject, with plans made when all was empty and nobody analysed since", async (test) => {
    const at = await place(test);
    for (let round = 0; round < 8; round += 1) await appended(at, streamsTo(3), start);
    await at.session.rows("DELETE FROM saywhen.change");
    await at.session.rows("DELETE FROM saywhen.stream");
    for (let filled = 0; filled < 4000; filled += 1000)
      await appended(at, streamsTo(4000).slice(filled, filled + 1000), start);
    const some = streamsTo(4000).filter((_, index) => index % 100 === 0);
    const read = await scansOf(at.session, () => headsOf(at, some));
    assert.deepEqual(read, { stream: { byIndex: some.length, whole: 0 }, change: { byIndex: some.length, whole: 0 } });
    const written = await scansOf(at.session, () => appended(at, some, start));
    // Read, compared, and led to the new head; the newest change of all, for the log's end.
    const [streams, changes] = [some.length * 3, some.length * 2 + 1];
    assert.deepEqual(written, { stream: { byIndex: streams, whole: 0 }, change: { byIndex: changes, whole: 0 } });
  });
});

/** How often a piece of work looked into the partitions of each table. */
async function scansOf(session: Session, work: () => Promise<unknown>) {
  await session.rows("BEGIN");
  // What the transactions before have not reported yet is counted, too.
  const before = await scans(session);
  await work();
  const after = await scans(session);
  await session.rows("COMMIT");
  return {
    stream: { byIndex: after.streams - before.streams, whole: after.wholeStreams - before.wholeStreams },
    change: { byIndex: after.changes - before.changes, whole: after.wholeChanges - before.wholeChanges },
  };
}

interface Scans {
  readonly streams: number;
  readonly wholeStreams: number;
  readonly changes: number;
  readonly wholeChanges: number;
}

async function scans(session: Session): Promise<Scans> {
  const sum = (column: string, table: string) =>
    `coalesce(sum(${column}) FILTER (WHERE relname ~ '^${table}_[0-9]+$'), 0)::int`;
  const [row] = await session.rows<Scans>(
    `SELECT ${sum("idx_scan", "stream")} AS streams, ${sum("seq_scan", "stream")} AS "wholeStreams", ` +
      `${sum("idx_scan", "change")} AS changes, ${sum("seq_scan", "change")} AS "wholeChanges" ` +
      "FROM pg_stat_xact_user_tables WHERE schemaname = 'saywhen'",
  );
  assert(row !== undefined);
  return row;
}
