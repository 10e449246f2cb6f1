import assert from "node:assert/strict";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Draft } from "../domain/change.ts";
import type { UserEntry } from "../domain/directory.ts";
import { entryOf, preferencesOf, type Stream } from "../domain/stream.ts";
import { organisation, user } from "../domain/subject.ts";
import type { Page } from "../service/store.ts";
import type { Digest } from "./digests.ts";

export type EntryKind = "organisation" | "user";

const saveSql =
  "INSERT INTO directory (kind, id, stream, email) VALUES (?, ?, ?, ?) " +
  "ON CONFLICT (kind, id) DO UPDATE SET email = excluded.email";
const dropSql = "DELETE FROM directory WHERE kind = ? AND id = ?";
const addedSql = "UPDATE directory_size SET entries = entries + 1, ever = max(ever + 1, ?) WHERE kind = ?";
const droppedSql = "UPDATE directory_size SET entries = entries - 1 WHERE kind = ?";
const sizeSql = "SELECT entries, ever FROM directory_size WHERE kind = ?";
const ownerSql = "SELECT id FROM directory WHERE email = ?";
const pageSql =
  "SELECT head FROM (SELECT id, stream FROM directory WHERE kind = ? ORDER BY id LIMIT ? OFFSET ?) AS entry " +
  "JOIN stream ON stream.id = entry.stream ORDER BY entry.id";
const isKnownSql = "SELECT 1 FROM stream WHERE digest = ?";

/** How many entries of a kind there are; and what a free id is above: raised by each new entry by one, or to a given-out id. */
interface Size {
  readonly entries: number;
  readonly ever: number;
}

/** The directory of organisations and users, derived from its changes. */
export class Directory {
  readonly #digest: Digest;
  readonly #save: StatementSync;
  readonly #drop: StatementSync;
  readonly #added: StatementSync;
  readonly #dropped: StatementSync;
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
    const { kind, id } = nameOf(draft.stream);
    const { email } = draft.document as UserEntry;
    this.#save.run(kind, id, stream, email === undefined ? null : this.#digest(email.toLowerCase()));
    // An id that was given out is never given out again, also when all below it are free by then.
    if (isNew) this.#added.run(id === this.#lastFree.get(kind) ? id : 0, kind);
  }

  /** Drops the entry whose stream is erased. */
  drop(stream: Stream): void {
    const { kind, id } = nameOf(stream);
    this.#drop.run(kind, id);
    this.#dropped.run(kind);
  }

  userWithEmail(email: string): number | undefined {
    return this.#owner.get(this.#digest(email.toLowerCase()))?.id as number | undefined;
  }

  /** The positions of the changes in which the entries of a page stand, and how many entries there are in all. */
  page(kind: EntryKind, page: Page): { readonly heads: number[]; readonly total: number } {
    const heads = this.#page.all(kind, page.limit, page.offset).map((row) => row.head as number);
    return { heads, total: this.#sizeOf(kind).entries };
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

/** Whether a stream holds an entry of the directory. */
export function isEntryStream(stream: Stream): boolean {
  return entryName.test(stream);
}

const entryName = /^directory\/(organisation|user):(\d+)$/;

/** What the stream of an entry is named after. */
function nameOf(stream: Stream): { readonly kind: EntryKind; readonly id: number } {
  const name = entryName.exec(stream);
  assert(name?.[1] !== undefined, "a directory change belongs to the stream of an entry");
  return { kind: name[1] as EntryKind, id: Number(name[2]) };
}
