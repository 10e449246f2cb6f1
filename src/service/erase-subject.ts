import { type Act, draft } from "../domain/change.ts";
import type { Erasure } from "../domain/log-acts.ts";
import { erasureStream, streamsOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { Newest, Step, Store } from "./store.ts";

/** Who erases. Nothing else of the request is kept: a tracking id or evidence could name whom it was about. */
export type ErasingAct = Pick<Act, "actor" | "client">;

/** A subject is erased. */
export interface ErasedSubject {
  /** The position of the change that says so. */
  readonly change: number;
  /** How many changes lost all that they said. */
  readonly erased: number;
}

/**
 * Takes everything that is held about a subject out of the log and out of all that is derived from it. What is recorded
 * about it afterwards is the beginning of something new. `subject-unknown` when nothing is held, nor in any file what
 * was held once.
 *
 * @param isMeant looked at in the write's turn; where it answers false the subject is left as it is, as if unknown
 * @throws StoreUnavailable when nothing was erased, or when it was, and somebody still reads the files as they were
 *   before. Asked again, it answers `subject-unknown` once they are through.
 */
export async function eraseSubject(
  store: Store,
  subject: Subject,
  { actor, client }: ErasingAct,
  isMeant: (newest: Newest) => boolean = () => true,
): Promise<Outcome<ErasedSubject>> {
  const streams = streamsOf(subject);
  const step = (newest: Newest): Step<"subject-unknown"> => {
    const positions = streams.flatMap((stream) => newest.positions(stream)).sort((one, other) => one - other);
    if (positions.length === 0 || !isMeant(newest)) return { refuse: "subject-unknown" };
    return { append: [draft({ actor, client }, "erasure", erasureStream, { positions })], erase: streams };
  };
  const result = await store.append({ reads: streams, positions: streams, step });
  // Also when there was nothing to erase: it may be the second call for one that readers hold up.
  await store.scrubbed();
  if ("refused" in result) return rejected(result.refused);
  const [{ position, document }] = result.changes;
  return { value: { change: position, erased: (document as Erasure).positions.length } };
}
