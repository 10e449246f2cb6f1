import { writeSync } from "node:fs";
import { erasureStream, type Stream } from "../../src/domain/stream.ts";
import type { Newest, Step } from "../../src/service/store.ts";
import { openSqliteStore } from "../../src/storage/sqlite/sqlite-store.ts";

/**
 * A process that writes until it is killed: 64 writers, a hundred subjects. What comes of each write is told on stdout
 * at once: `<position> <subject> <tracking id>`, or `refused <subject> <tracking id>`.
 */
const store = await openSqliteStore({ file: String(process.argv[2]) });
writeSync(1, "serving\n");

/** Most writes add one to a subject's number; some are refused after they have read it, and a few erase the subject. */
function stepOf(stream: Stream<number>, trackingId: string, turn: number): (newest: Newest) => Step<"not this time"> {
  const act = { actor: "Jo", client: "crm", trackingId } as const;
  return (newest) => {
    const before = newest.change(stream)?.document ?? 0;
    if (turn % 5 === 4) return { refuse: "not this time" };
    if (turn % 97 !== 96) return { append: [{ ...act, kind: "preferences", stream, document: before + 1 }] };
    const document = { positions: newest.positions(stream) };
    return { append: [{ ...act, kind: "erasure", stream: erasureStream, document }], erase: [stream] };
  };
}

async function write(writer: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    const subject = `customer:${(round * 7 + writer) % 100}`;
    const stream = subject as Stream<number>;
    const trackingId = `${process.pid}-${writer}-${round}`;
    const answer = await store.append({
      reads: [stream, erasureStream],
      positions: [stream],
      step: stepOf(stream, trackingId, round + writer),
    });
    const told = "changes" in answer ? answer.changes[0].position : "refused";
    writeSync(1, `${told} ${subject} ${trackingId}\n`);
  }
}

await Promise.all(Array.from({ length: 64 }, (_, writer) => write(writer)));
