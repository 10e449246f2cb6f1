import { createHmac } from "node:crypto";
import type { Change } from "../domain/change.ts";
import { type Stream, streamsOf, subjectOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { type ErasingAct, eraseSubject } from "./erase-subject.ts";
import type { KeyFiles } from "./key-files.ts";
import type { Store } from "./store.ts";

// The book of erasures stands beside the log's key, apart from the database, so that a backup that is older than an
// erasure can be erased again. Whom a line is about, only he can tell who has the key and already knows the name.
//
// A line: `<position> <at, RFC 3339> <base64 of HMAC-SHA-256 of the subject as it is printed>`. It is written before the
// erasure is committed: one that broke off between the two is finished by the next restore.

/** An erasure, as the storage tells of it. */
interface Erased extends Moment {
  readonly streams: readonly Stream[];
}

/** Where something stands in the order of the log. Times come first: after a restore positions are given out again. */
type Moment = Pick<Change, "at" | "position">;

const bookedLine = /^(\d{1,15}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([A-Za-z0-9+/]{43}=)$/;

/**
 * Books an erasure. Synchronous, as it belongs into the erasure's transaction.
 *
 * @throws StoreUnavailable when the book cannot be written, KeyUnusable when there is no key
 */
export function noteErasure(keyFiles: KeyFiles, { streams, position, at }: Erased): void {
  const hashOf = keyedHash(keyFiles);
  const subjects = new Set(streams.map((stream) => subjectOf(stream)).filter((subject) => subject !== undefined));
  for (const subject of subjects) keyFiles.addErasure(`${position} ${at} ${hashOf(subject)}`);
}

/**
 * Erases those subjects again of whom nothing is newer than their erasure in the book: whoever came back after it loses
 * nothing.
 *
 * @returns how many subjects were erased
 * @throws RecordDamaged when a subject's newest change cannot be read, so that nobody can tell whose it is
 */
export async function eraseAgain(store: Store, keyFiles: KeyFiles, act: ErasingAct): Promise<number> {
  const booked = erasuresIn(keyFiles.erasures());
  if (booked.size === 0) return 0;
  const hashOf = keyedHash(keyFiles);
  let count = 0;
  for await (const stream of store.everySubjectStream()) {
    const subject = subjectOf(stream);
    const erasure = subject && booked.get(hashOf(subject));
    if (subject === undefined || erasure === undefined) continue;
    const outcome = await eraseSubject(store, subject, act, (newest) =>
      streamsOf(subject).every((each) => isBefore(newest.change(each), erasure)),
    );
    if ("value" in outcome) count += 1;
  }
  return count;
}

/** The last erasure of each subject, by the hash of its name. Lines that a crash cut off are left out. */
function erasuresIn(lines: readonly string[]): ReadonlyMap<string, Moment> {
  const booked = new Map<string, Moment>();
  for (const line of lines) {
    const [, position, at, hash] = bookedLine.exec(line) ?? [];
    if (position === undefined || at === undefined || hash === undefined) continue;
    const erasure = { at, position: Number(position) };
    if (isBefore(booked.get(hash), erasure)) booked.set(hash, erasure);
  }
  return booked;
}

/** What is not there is before everything. */
function isBefore(one: Moment | undefined, other: Moment): boolean {
  if (one === undefined || one.at < other.at) return true;
  return one.at === other.at && one.position < other.position;
}

function keyedHash(keyFiles: KeyFiles): (subject: Subject) => string {
  const key = keyFiles.secret("erasures");
  return (subject) => createHmac("sha256", key).update(subject).digest("base64");
}
