import assert from "node:assert/strict";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Draft } from "../domain/change.ts";
import type { UserEntry } from "../domain/directory.ts";
import type { Listing, Page } from "../service/store.ts";

export type EntryKind = "organisation" | "user";

const saveSql =
  "INSERT INTO directory (kind, id, stream, email) VALUES (?, ?, ?, ?) " +
  "ON CONFLICT (kind, id) DO UPDATE SET email = excluded.email";
const countSql = "UPDATE directory_size SET entries = entries + 1 WHERE kind = ?";
const sizeSql = "SELECT entries FROM directory_size WHERE kind = ?";
const ownerSql = "SELECT id FROM directory WHERE email = ?";
const pageSql =
  "SELECT body FROM (SELECT id, stream FROM directory WHERE kind = ? ORDER BY id LIMIT ? OFFSET ?) AS entry " +
  "JOIN stream ON stream.id = entry.stream JOIN change ON position = head ORDER BY entry.id";
/** Counts on from an id as long as a stream of it is there. (node:sqlite binds every number as a REAL.) */
const freeIdSql =
  "WITH RECURSIVE taken (id) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT taken.id + 1 FROM taken " +
  "WHERE EXISTS (SELECT 1 FROM stream WHERE name = 'directory/' || ? || ':' || CAST(taken.id AS TEXT)) " +
  "OR EXISTS (SELECT 1 FROM stream WHERE name = ? || ':' || CAST(taken.id AS TEXT))) SELECT max(id) AS id FROM taken";

/** The directory of organisations and users, derived from its changes. */
export class Directory {
  readonly #save: StatementSync;
  readonly #count: StatementSync;
  readonly #size: StatementSync;
  readonly #owner: StatementSync;
  readonly #page: StatementSync;
  readonly #freeId: StatementSync;
  /** The last free ids found. What is taken stays taken, so each search can begin where the last one ended. */
  readonly #lastFree = new Map<EntryKind, number>();

  constructor(db: DatabaseSync) {
    this.#save = db.prepare(saveSql);
    this.#count = db.prepare(countSql);
    this.#size = db.prepare(sizeSql);
    this.#owner = db.prepare(ownerSql);
    this.#page = db.prepare(pageSql);
    this.#freeId = db.prepare(freeIdSql);
  }

  /**
   * Takes over a directory change.
   *
   * @param stream the stream's row
   * @param isNew whether it is the stream's first change
   */
  save(draft: Draft, stream: number, isNew: boolean): void {
    const name = /^directory\/(organisation|user):(\d+)$/.exec(draft.stream);
    assert(name?.[1] !== undefined, "a directory change belongs to the stream of an entry");
    const { email } = draft.document as UserEntry;
    this.#save.run(name[1], Number(name[2]), stream, email?.toLowerCase() ?? null);
    if (isNew) this.#count.run(name[1]);
  }

  userWithEmail(email: string): number | undefined {
    return this.#owner.get(email.toLowerCase())?.id as number | undefined;
  }

  page<Entry>(kind: EntryKind, page: Page): Listing<Entry> {
    const rows = this.#page.all(kind, page.limit, page.offset);
    const entries = rows.map((row) => (JSON.parse(row.body as string) as { document: Entry }).document);
    return { entries, total: this.#entries(kind) };
  }

  freeId(kind: EntryKind): number {
    const from = Math.max(this.#entries(kind) + 1, this.#lastFree.get(kind) ?? 0);
    const id = this.#freeId.get(from, kind, kind)?.id as number;
    this.#lastFree.set(kind, id);
    return id;
  }

  /** The transaction under way was rolled back: ids that it took are free again. */
  rolledBack(): void {
    this.#lastFree.clear();
  }

  #entries(kind: EntryKind): number {
    return (this.#size.get(kind)?.entries as number | undefined) ?? 0;
  }
}
