import type { UserEntry } from "../../domain/directory.ts";
import { type EntryName, entryNameOf, entryOf, preferencesOf, type Stream, subjectOf } from "../../domain/stream.ts";
import { isCustomer, organisation, user } from "../../domain/subject.ts";
import { type ChangeRow, isErased } from "../../service/change-row.ts";
import { type Listing, type Page, RecordDamaged } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { openingOf } from "../stored-change.ts";
import type { Statements } from "./database.ts";

export type EntryKind = EntryName["kind"];

/** Ids of the erased up to this one are not given out; a larger one would make every free id after it as large. */
const largestKeptId = 1_000_000_000;

/** Ids that are looked at together when a free one is sought. */
const triedIds = 64;

const saveSql =
  "INSERT INTO saywhen.directory (kind, id, stream, email) " +
  "SELECT $1, $2, stream.id, $4 FROM saywhen.stream WHERE digest = $3 " +
  "ON CONFLICT (kind, id) DO UPDATE SET email = excluded.email";
const dropSql = "DELETE FROM saywhen.directory WHERE kind = $1 AND id = $2";
const addedSql =
  "UPDATE saywhen.directory_size SET entries = entries + 1, ever = greatest(ever + 1, $2) WHERE kind = $1";
const droppedSql = "UPDATE saywhen.directory_size SET entries = entries - 1 WHERE kind = $1";
const keepSql = "UPDATE saywhen.directory_size SET ever = greatest(ever, $2) WHERE kind = $1";
const everSql = "SELECT ever FROM saywhen.directory_size WHERE kind = $1";
const ownerSql =
  "SELECT directory.id, stream.head, position, at, change.stream, previous, change.kind, salt, commitment, body " +
  "FROM saywhen.directory LEFT JOIN saywhen.stream ON stream.id = directory.stream " +
  "LEFT JOIN saywhen.change ON change.position = stream.head WHERE directory.email = $1";
const takenSql = "SELECT digest FROM saywhen.stream WHERE digest = ANY($1)";
const pageSql =
  "SELECT entries AS total, entry.id, stream.head, change.position, at, change.stream, previous, change.kind, salt, commitment, body " +
  "FROM saywhen.directory_size AS size " +
  "LEFT JOIN LATERAL (SELECT id, stream FROM saywhen.directory WHERE kind = size.kind ORDER BY id LIMIT $2 OFFSET $3) AS entry ON true " +
  "LEFT JOIN saywhen.stream ON stream.id = entry.stream LEFT JOIN saywhen.change ON change.position = stream.head " +
  "WHERE size.kind = $1 ORDER BY entry.id";

/** Ids under which nothing is recorded, in their order, above all that there ever were of a kind. */
export interface FreeIds {
  readonly ever: number;
  readonly ids: readonly number[];
}

/** An entry with its newest change, where that is there. */
type EntryRow = { readonly id: number; readonly head: number | null } & (ChangeRow | { readonly position: null });

/** An entry of a page, which may have none. */
type PageRow = { readonly total: number } & (EntryRow | { readonly id: null });

/** The directory of organisations and users, derived from its changes. */
export class Directory {
  readonly #digest: Digest;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** Takes over an entry's new state. Its stream is stored already. */
  async save(statements: Statements, name: EntryName, email: string | undefined): Promise<void> {
    const { kind, id } = name;
    const normal = email === undefined ? null : this.#digest(email.toLowerCase());
    await statements.rows(saveSql, [kind, id, this.#digest(streamOfEntry(name)), normal]);
  }

  /** Counts a new entry. An id that was given out is never given out again, also when all below it are free by then. */
  async added(statements: Statements, { kind, id }: EntryName, wasGivenOut: boolean): Promise<void> {
    await statements.rows(addedSql, [kind, wasGivenOut ? id : 0]);
  }

  /** A subject's stream is erased: its entry goes with it, and its id is nobody else's. */
  async erase(statements: Statements, stream: Stream): Promise<void> {
    const subject = subjectOf(stream);
    if (subject === undefined || isCustomer(subject)) return;
    const { kind, id } = entryNameOf(entryOf(subject)) as EntryName;
    if (id <= largestKeptId) await statements.rows(keepSql, [kind, id]);
    if (entryNameOf(stream) === undefined) return;
    await statements.rows(dropSql, [kind, id]);
    await statements.rows(droppedSql, [kind]);
  }

  /**
   * The id of the user who has an e-mail address.
   *
   * @throws RecordDamaged when whom the directory finds has another one
   */
  async ownerOf(statements: Statements, email: string): Promise<number | undefined> {
    const normal = email.toLowerCase();
    const [row] = await statements.rows<EntryRow>(ownerSql, [this.#digest(normal)]);
    if (row === undefined) return undefined;
    const entry = entryIn("user", row) as UserEntry;
    if (entry.email?.toLowerCase() === normal) return row.id;
    throw new RecordDamaged(row.head ?? 0, "the directory finds it by an e-mail address that it does not name");
  }

  /** The entries of a page, and how many entries there are in all. */
  async page<Entry>(statements: Statements, kind: EntryKind, { limit, offset }: Page): Promise<Listing<Entry>> {
    const rows = await statements.rows<PageRow>(pageSql, [kind, limit, offset]);
    const entries = rows.flatMap((row) => (row.id === null ? [] : [entryIn(kind, row) as Entry]));
    return { entries, total: rows[0]?.total ?? 0 };
  }

  /** The first free ids of a kind, at least `count`. */
  async freeIds(statements: Statements, kind: EntryKind, count: number): Promise<FreeIds> {
    const [size] = await statements.rows<{ ever: number }>(everSql, [kind]);
    const ever = size?.ever ?? 0;
    const ids: number[] = [];
    for (let first = ever + 1; ids.length < count; first += triedIds) {
      const tried = Array.from({ length: triedIds }, (_, index) => first + index);
      const taken = await this.#taken(statements, kind, tried);
      ids.push(...tried.filter((id) => !taken.has(id)));
    }
    return { ever, ids };
  }

  async #taken(statements: Statements, kind: EntryKind, ids: readonly number[]): Promise<ReadonlySet<number>> {
    const byDigest = new Map(
      ids.flatMap((id) => streamsOfId(kind, id).map((stream) => [this.#digest(stream).toString("hex"), id] as const)),
    );
    const digests = [...byDigest.keys()].map((hex) => Buffer.from(hex, "hex"));
    const rows = await statements.rows<{ digest: Buffer }>(takenSql, [digests]);
    return new Set(rows.map(({ digest }) => byDigest.get(digest.toString("hex")) as number));
  }
}

/** The streams under which something may be recorded for an id. */
export function streamsOfId(kind: EntryKind, id: number): readonly Stream[] {
  return kind === "user"
    ? [preferencesOf(user(id)), entryOf(user(id))]
    : [preferencesOf(organisation(id)), entryOf(organisation(id))];
}

function streamOfEntry({ kind, id }: EntryName): Stream {
  return kind === "user" ? entryOf(user(id)) : entryOf(organisation(id));
}

function entryIn(kind: EntryKind, row: EntryRow): unknown {
  if (row.position === null) throw new RecordDamaged(row.head ?? 0, "it is missing, and the directory leads to it");
  if (isErased(row)) throw new RecordDamaged(row.position, "it was erased, and the directory leads to it");
  const { document, position, stream } = openingOf(row).change;
  const name = entryNameOf(stream);
  if (name?.kind === kind && name.id === row.id) return document;
  throw new RecordDamaged(position, "the directory has it as another's entry");
}
