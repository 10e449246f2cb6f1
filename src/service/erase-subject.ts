import { type Act, type Change, draft } from "../domain/change.ts";
import type { Erasure } from "../domain/log-acts.ts";
import { erasureStream, streamsOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { EvidenceAbout } from "./evidence-about.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { type Newest, type Step, type Store, StoreUnavailable } from "./store.ts";

/** Who erases. Nothing else of the request is kept: a tracking id or evidence could name whom it was about. */
export type ErasingAct = Pick<Act, "actor" | "client">;

/** How often the subject may change just while it is read. */
const triesMax = 20;

/** A subject is erased. */
export interface ErasedSubject {
  /** The position of the change that says so. */
  readonly change: number;
  /** How many changes lost all that they said. */
  readonly erased: number;
}

/**
 * Takes everything that is held about a subject out of the log and out of all that is derived from it, and with it the
 * evidence about suppressions of every address that it has or had. What is recorded about it afterwards is the beginning
 * of something new. `subject-unknown` when nothing is held, nor in any file what was held once.
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
  const about = new EvidenceAbout(store, streams);
  const erasure = (positions: readonly number[]) => draft({ actor, client }, "erasure", erasureStream, { positions });
  for (let tries = 0; tries < triesMax; tries += 1) {
    const evidence = await about.find();
    const step = (newest: Newest): Step<"moved-on" | "subject-unknown"> => {
      const positions = streams.flatMap((stream) => newest.positions(stream)).sort((one, other) => one - other);
      if (positions.length === 0 || !isMeant(newest)) return { refuse: "subject-unknown" };
      if (!about.hasRead(positions)) return { refuse: "moved-on" };
      // Each in an erasure of its own: whatever is derived anew takes the changes of one kind in it for one stream's.
      const beside = evidence.filter((stream) => newest.positions(stream).length > 0);
      const besides = beside.map((stream) => erasure(newest.positions(stream)));
      return { append: [erasure(positions), ...besides], erase: [...streams, ...beside] };
    };
    const result = await store.append({ reads: streams, positions: [...streams, ...evidence], step });
    // What has come meanwhile may hold another address.
    if ("refused" in result && result.refused === "moved-on") continue;
    // Also when there was nothing to erase: it may be the second call for one that readers hold up.
    await store.scrubbed();
    return "refused" in result ? rejected("subject-unknown") : { value: erasedBy(result.changes) };
  }
  throw new StoreUnavailable("the subject is changed all the time");
}

function erasedBy(changes: readonly [Change, ...Change[]]): ErasedSubject {
  const counts = changes.map(({ document }) => (document as Erasure).positions.length);
  return { change: changes[0].position, erased: counts.reduce((sum, count) => sum + count) };
}
