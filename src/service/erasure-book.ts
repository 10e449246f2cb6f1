import { createHash, createHmac } from "node:crypto";
import type { Change } from "../domain/change.ts";
import { logStream, type Stream, streamsOf, subjectOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { type ErasingAct, eraseSubject } from "./erase-subject.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { KeyFiles } from "./key-files.ts";
import type { LogRecords } from "./log-store.ts";
import type { Store } from "./store.ts";

// The book of erasures stands beside the log's key, apart from the database, so that a backup that is older than an
// erasure can be erased again. Whom a line is about, only he can tell who has the key and already knows the name.
//
// A line: `<position> <at, RFC 3339> <sign of the key> <base64 of HMAC-SHA-256 of the subject as it is printed>`. The sign
// is the first 4 bytes of the SHA-256 of the secret that the HMAC is made with, in hexadecimal digits: with another one
// no name fits the line, and that has to be said. It is written before the erasure is committed: one that broke off
// between the two is finished by the next restore, or the next continuation.

/** An erasure, as the storage tells of it. */
interface Erased extends Moment {
  readonly streams: readonly Stream[];
}

/** Where something stands in the order of the log. Times come first: after a restore positions are given out again. */
type Moment = Pick<Change, "at" | "position">;

/** What a line says: that what was recorded of a subject up to a moment was erased. */
interface Booked extends Moment {
  /** The place of the line in the book, counted from 0. */
  readonly line: number;
}

/** The book, as far as it can be read. */
interface Book {
  /** By the hash of the subject's name. */
  readonly erasures: ReadonlyMap<string, readonly Booked[]>;
  /** How many lines there are. */
  readonly lines: number;
  /** How many lines were cut off, or written with another key. */
  readonly unreadable: number;
}

/** What came of erasing again. */
export interface ErasedAgain {
  /** How many subjects were erased. */
  readonly erased: number;
  /** How many lines the book has; none also where there is no book. */
  readonly lines: number;
  /** How many lines of the book nobody can tell the meaning of. */
  readonly unreadable: number;
}

const bookedLine = /^(\d{1,15}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([0-9a-f]{8}) ([A-Za-z0-9+/]{43}=)$/;

/**
 * Books an erasure. Synchronous, as it belongs into the erasure's transaction.
 *
 * @returns takes its lines back, for a transaction that comes to nothing; throws StoreUnavailable
 * @throws StoreUnavailable when the book cannot be written, KeyUnusable when there is no key; then the book is as it was
 */
export function noteErasure(keyFiles: KeyFiles, { streams, position, at }: Erased): () => void {
  const { sign, hashOf } = hashingOf(keyFiles);
  const subjects = new Set(streams.map((stream) => subjectOf(stream)).filter((subject) => subject !== undefined));
  const added: (() => void)[] = [];
  const takeBack = () => {
    for (const take of added.toReversed()) take();
  };
  try {
    for (const subject of subjects) added.push(keyFiles.addErasure(`${position} ${at} ${sign} ${hashOf(subject)}`));
  } catch (error) {
    takeBack();
    throw error;
  }
  return takeBack;
}

/**
 * Erases those subjects again of whom nothing is newer than their erasure in the book: whoever came back after it loses
 * nothing. What is erased here is not booked: the line that is there says when that was.
 *
 * Times tell what is newer, as positions are given out again after a restore; and clocks go wrong. So what was recorded
 * since the log was last continued is newer than every line that the book had by then, whatever the times say. A line
 * whose erasure stands in the log was carried out there: what is recorded of the subject now came after it.
 *
 * @throws RecordDamaged when a subject's newest change cannot be read, so that nobody can tell whose it is
 */
export async function eraseAgain(
  store: Store & Pick<LogRecords, "entries">,
  keyFiles: KeyFiles,
  act: ErasingAct,
): Promise<ErasedAgain> {
  const { erasures: written, ...counts } = readBook(keyFiles);
  const erasures = await withoutCarriedOut(written, store);
  if (erasures.size === 0) return { erased: 0, ...counts };
  const { hashOf } = hashingOf(keyFiles);
  const settled = await settledLines(store, keyFiles);
  let erased = 0;
  for await (const stream of store.everySubjectStream()) {
    const subject = subjectOf(stream);
    const booked = subject && erasures.get(hashOf(subject));
    if (subject === undefined || booked === undefined) continue;
    const outcome = await eraseSubject(store, subject, act, (newest) => {
      const changes = streamsOf(subject).flatMap((each) => newest.change(each) ?? []);
      return booked.some((erasure) => changes.every((change) => isBefore(change, erasure, settled)));
    });
    if ("value" in outcome) erased += 1;
  }
  return { erased, ...counts };
}

/** What is booked and does not stand in the log. */
async function withoutCarriedOut(
  erasures: Book["erasures"],
  store: Pick<LogRecords, "entries">,
): Promise<Book["erasures"]> {
  const left = new Map<string, Booked[]>();
  for (const [hash, all] of erasures) {
    for (const booked of all) {
      const [entry] = await store.entries(booked.position, booked.position + 1);
      if (entry?.kind === "erasure" && entry.at === booked.at) continue;
      left.set(hash, [...(left.get(hash) ?? []), booked]);
    }
  }
  return left;
}

function readBook(keyFiles: KeyFiles): Book {
  const ours = keyFiles.privateKey() === undefined ? undefined : hashingOf(keyFiles).sign;
  const erasures = new Map<string, Booked[]>();
  let unreadable = 0;
  const texts = keyFiles.erasures();
  for (const [line, text] of texts.entries()) {
    const [, position, at, sign, hash] = bookedLine.exec(text) ?? [];
    if (at === undefined || hash === undefined || sign !== ours) {
      unreadable += 1;
      continue;
    }
    erasures.set(hash, [...(erasures.get(hash) ?? []), { at, position: Number(position), line }]);
  }
  return { erasures, lines: texts.length, unreadable };
}

/** That a continuation of the log is newer than the first `lines` of the book. */
interface Settled {
  readonly position: number;
  readonly lines: number;
}

/** A continuation knows a line that the book has no more where an older copy of the book was put in its place. */
async function settledLines(store: Store, keyFiles: KeyFiles): Promise<readonly Settled[]> {
  const { length } = await store.positions(logStream);
  const continuations = (await store.history(logStream, length)) ?? [];
  const fingerprints = keyFiles.erasures().map(fingerprintOf);
  return continuations.map(({ position, document: { lastErasure } }) => ({
    position,
    lines: lastErasure === undefined ? 0 : fingerprints.lastIndexOf(lastErasure) + 1,
  }));
}

function isBefore(change: Moment, erasure: Booked, settled: readonly Settled[]): boolean {
  if (settled.some(({ position, lines }) => position < change.position && erasure.line < lines)) return false;
  return change.at < erasure.at || (change.at === erasure.at && change.position < erasure.position);
}

/** What names are hashed with, and by which sign its lines are known. */
function hashingOf(keyFiles: KeyFiles) {
  const secret = keyFiles.secret("erasures");
  return {
    sign: createHash("sha256").update(secret).digest("hex").slice(0, 8),
    hashOf: (subject: Subject) => createHmac("sha256", secret).update(subject).digest("base64"),
  };
}
