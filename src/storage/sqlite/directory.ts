import assert from "node:assert/strict";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Draft } from "../../domain/change.ts";
import type { UserEntry } from "../../domain/directory.ts";
import { type EntryName, entryNameOf, entryOf, preferencesOf, type Stream, subjectOf } from "../../domain/stream.ts";
import { isCustomer, organisation, user } from "../../domain/subject.ts";
import { type Page, RecordDamaged } from "../../service/store.ts";
import type { StreamRow } from "../stored-change.ts";
import type { Changes } from "./changes.ts";
import type { Digest } from "../digest.ts";

export type EntryKind = EntryName["kind"];

/** Ids of the erased up to this one are not given out; a larger one would make every free id after it as large. */
const largestKeptId = 1_000_000_000;

const saveSql =
  "INSERT INTO directory (kind, id, stream, email) VALUES (?, ?, ?, ?) " +
  "ON CONFLICT (kind, id) DO UPDATE SET email = excluded.email";
const dropSql = "DELETE FROM directory WHERE kind = ? AND id = ?";
const addedSql = "UPDATE directory_size SET entries = entries + 1, ever = max(ever + 1, ?) WHERE kind = ?";
const droppedSql = "UPDATE directory_size SET entries = entries - 1 WHERE kind = ?";
const keepSql = "UPDATE directory_size SET ever = max(ever, ?) WHERE kind = ?";
const sizeSql = "SELECT entries, ever FROM directory_size WHERE kind = ?";
const ownerSql = "SELECT CAST(id AS REAL) AS id FROM directory WHERE email = ?";
const pageSql =
  "SELECT CAST(entry.id AS REAL) AS id, CAST(stream.id AS REAL) AS row, CAST(head AS REAL) AS head " +
  "FROM (SELECT id, stream FROM directory WHERE kind = ? ORDER BY id LIMIT ? OFFSET ?) AS entry " +
  "JOIN stream ON stream.id = entry.stream ORDER BY entry.id";
const isKnownSql = "SELECT 1 FROM stream WHERE digest = ?";

/**
 * How many entries of a kind there are; and what a free id is above: raised by each new entry by one, or to an id that
 * was given out, or to one whose subject was erased.
 */
interface Size {
  readonly entries: number;
  readonly ever: number;
}

/** Where an entry of the directory stands. */
export interface EntryRow extends StreamRow {
  readonly id: number;
}

/** The directory of organisations and users, derived from its changes. */
export class Directory {
  readonly #digest: Digest;
  readonly #save: StatementSync;
  readonly #drop: StatementSync;
  readonly #added: StatementSync;
  readonly #dropped: StatementSync;
  readonly #keep: StatementSync;
  readonly #size: StatementSync;
  readonly #owner: StatementSync;
  readonly #page: StatementSync;
  readonly #isKnown: StatementSync;
  /** The last free ids found: each search can begin where the last one ended. */
  readonly #lastFree = new Map<EntryKind, number>();

  constructor(db: DatabaseSync, digest: Digest) {
    this.#digest = digest;
    this.#save = db.prepare(saveSql);
    this.#drop = db.prepare(dropSql);
    this.#added = db.prepare(addedSql);
    this.#dropped = db.prepare(droppedSql);
    this.#keep = db.prepare(keepSql);
    this.#size = db.prepare(sizeSql);
    this.#owner = db.prepare(ownerSql);
    this.#page = db.prepare(pageSql);
    this.#isKnown = db.prepare(isKnownSql);
  }

  /**
   * Takes over a directory change.
   *
   * @param stream the stream's row
   * @param isNew whether it is the stream's first change
   */
  save(draft: Draft, stream: number, isNew: boolean): void {
    const name = entryNameOf(draft.stream);
    assert(name !== undefined, "a directory change belongs to the stream of an entry");
    const { kind, id } = name;
    const { email } = draft.document as UserEntry;
    this.#save.run(kind, id, stream, email === undefined ? null : this.#digest(email.toLowerCase()));
    // An id that was given out is never given out again, also when all below it are free by then.
    if (isNew) this.#added.run(id === this.#lastFree.get(kind) ? id : 0, kind);
  }

  /** A subject's stream is erased: its entry goes with it, and its id is nobody else's. */
  erase(stream: Stream): void {
    const subject = subjectOf(stream);
    if (subject === undefined || isCustomer(subject)) return;
    const entry = entryOf(subject);
    const { kind, id } = entryNameOf(entry) as EntryName;
    if (id <= largestKeptId) this.#keep.run(id, kind);
    if (stream !== entry) return;
    this.#drop.run(kind, id);
    this.#dropped.run(kind);
  }

  /** @throws RecordDamaged when whom the directory finds has another address */
  userWithEmail(email: string, changes: Changes): number | undefined {
    const normal = email.toLowerCase();
    const id = this.#owner.get(this.#digest(normal))?.id as number | undefined;
    const entry = id === undefined ? undefined : changes.head(entryOf(user(id)))?.change;
    const owned = (entry?.document as UserEntry | undefined)?.email?.toLowerCase();
    if (entry !== undefined && owned !== normal)
      throw new RecordDamaged(entry.position, "the directory finds it by an e-mail address that it does not name");
    return id;
  }

  /** The streams of the entries of a page, and how many entries there are in all. */
  page(kind: EntryKind, page: Page): { readonly entries: EntryRow[]; readonly total: number } {
    const entries = this.#page.all(kind, page.limit, page.offset) as unknown as EntryRow[];
    return { entries, total: this.#sizeOf(kind).entries };
  }

  freeId(kind: EntryKind): number {
    let id = Math.max(this.#sizeOf(kind).ever + 1, this.#lastFree.get(kind) ?? 0);
    while (this.#isTaken(kind, id)) id += 1;
    this.#lastFree.set(kind, id);
    return id;
  }

  /** The transaction under way was rolled back: ids that it took are free again. */
  rolledBack(): void {
    this.#lastFree.clear();
  }

  #isTaken(kind: EntryKind, id: number): boolean {
    const streams: Stream[] =
      kind === "user"
        ? [preferencesOf(user(id)), entryOf(user(id))]
        : [preferencesOf(organisation(id)), entryOf(organisation(id))];
    return streams.some((stream) => this.#isKnown.get(this.#digest(stream)) !== undefined);
  }

  #sizeOf(kind: EntryKind): Size {
    return (this.#size.get(kind) as unknown as Size | undefined) ?? { entries: 0, ever: 0 };
  }
}
