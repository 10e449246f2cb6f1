import { writeSync } from "node:fs";
import type { Stream } from "../../src/domain/stream.ts";
import { openSqliteStore } from "../../src/storage/sqlite-store.ts";

/**
 * A process that writes until it is killed: 32 writers, a hundred subjects. Each acknowledged write is told on stdout
 * at once, as `<position> <subject> <tracking id>`.
 */
const store = await openSqliteStore({ file: String(process.argv[2]) });
writeSync(1, "serving\n");

async function write(writer: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    const subject = `customer:${(round * 7 + writer) % 100}`;
    const stream = subject as Stream<number>;
    const trackingId = `${process.pid}-${writer}-${round}`;
    const act = { actor: "Jo", client: "crm", trackingId, kind: "preferences", stream } as const;
    const answer = await store.append({
      reads: [stream],
      step: (newest) => ({ append: [{ ...act, document: (newest.change(stream)?.document ?? 0) + 1 }] }),
    });
    if ("changes" in answer) writeSync(1, `${answer.changes[0]?.position} ${subject} ${trackingId}\n`);
  }
}

await Promise.all(Array.from({ length: 32 }, (_, writer) => write(writer)));
