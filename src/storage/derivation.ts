import { heldAddresses } from "../domain/held-addresses.ts";
import { limits } from "../domain/limits.ts";
import type { Erasure } from "../domain/log-acts.ts";
import type { UserEntry } from "../domain/directory.ts";
import { entryNameOf } from "../domain/stream.ts";
import { type ChangeRow, isErased, type Said, saidIn } from "../service/change-row.ts";
import type { AddressRow, DirectoryRow, DirectorySizeRow, StreamRow } from "../service/inspection.ts";
import type { Digest } from "./digest.ts";

/** What a change has to be derived from is not there, or is damaged. */
export class NotDerivable extends Error {
  override readonly name = "NotDerivable";
  readonly position: number;

  constructor(position: number, what: string) {
    super(`position ${position}: ${what}`);
    this.position = position;
  }
}

/** A stream as far as it is derived: its number, and its newest change. */
export interface Line {
  readonly number: number;
  readonly newest: number;
}

/** The line of an erased stream, of which nothing is known but the kind of its changes. */
export interface ErasedLine extends Line {
  readonly kind: string;
}

/** What is derived from a few changes that follow each other: the changes with their links, and rows as they then are. */
export interface Derived {
  readonly changes: readonly ChangeRow[];
  readonly newStreams: readonly StreamRow[];
  /** Streams that were there before, with their new heads; an erased one has no digest. */
  readonly movedStreams: readonly StreamRow[];
  /** Some of them may be there already. */
  readonly addresses: readonly AddressRow[];
  /** To be added, or put in the place of what is there; an e-mail address may have gone from one to another. */
  readonly entries: readonly DirectoryRow[];
}

/** The tables that what is derived is written to, inside a transaction. */
export interface DerivedTables {
  readonly digest: Digest;
  /** The streams of these names' digests, in the order asked. */
  lines(digests: readonly Buffer[]): Promise<readonly (Line | undefined)[]>;
  /** How many streams there are, which is the last one's number. */
  lastNumber(): Promise<number>;
  write(derived: Derived): Promise<void>;
}

/**
 * Derives from the changes, in the order of the log, all that is looked up: streams with their numbers, heads and links,
 * addresses, the directory. Memory holds no stream but the erased whose erasure is still to come.
 */
export class Derivation {
  /** The erasure that each erased change is named by; those that were taken are forgotten. */
  readonly #erasures = new Map<number, number>();
  /** Of each erasure the streams that it erased, by kind: of a subject's changes each kind is one stream. */
  readonly #erased = new Map<number, Map<string, Line>>();
  #next: number;

  /** @param next the position to begin at */
  constructor(next: number) {
    this.#next = next;
  }

  /** Takes note of an erasure that stands ahead of all changes that are still to be taken, or among them. */
  foresee(erasure: ChangeRow): readonly number[] {
    const said = saidIn(erasure);
    if (typeof said === "string") throw new NotDerivable(erasure.position, said);
    const { positions } = said.document as Erasure;
    for (const position of positions) if (position >= this.#next) this.#erasures.set(position, erasure.position);
    return positions;
  }

  /** Takes note of streams that were derived before, some of whose changes are still to come. */
  know(erasure: number, lines: readonly ErasedLine[]): void {
    for (const { kind, number, newest } of lines) this.#setErased(erasure, kind, { number, newest });
  }

  /**
   * Derives what the next changes come to, and writes it.
   *
   * @throws NotDerivable when the text of one of them does not fit its commitment, or it does not follow the one before
   *   it; nothing was written then
   */
  async take(tables: DerivedTables, rows: readonly ChangeRow[]): Promise<void> {
    const taken = rows.map((row) => this.#look(row));
    const names = [...new Set(taken.flatMap(({ said }) => (said === undefined ? [] : [said.stream])))];
    const digests = names.map((name) => tables.digest(name));
    const found = await tables.lines(digests);
    const batch = new Batch(tables.digest, await tables.lastNumber());
    for (const [index, name] of names.entries()) batch.know(name, digests[index] as Buffer, found[index]);
    for (const { row, said } of taken) {
      if (said === undefined) this.#takeErased(batch, row);
      else batch.take(row, said);
      this.#erased.delete(row.position);
    }
    await tables.write(batch.derived());
  }

  /** What a change says; nothing where it was erased. */
  #look(row: ChangeRow): { readonly row: ChangeRow; readonly said?: Said } {
    if (row.position !== this.#next) throw new NotDerivable(this.#next, "the change is missing.");
    this.#next += 1;
    if (this.#erasures.has(row.position)) return { row: blank(row) };
    if (isErased(row))
      throw new NotDerivable(row.position, "it says nothing any more, and no erasure names it: what it said is lost.");
    const said = saidIn(row);
    if (typeof said === "string") throw new NotDerivable(row.position, `${said}.`);
    return { row, said };
  }

  #takeErased(batch: Batch, row: ChangeRow): void {
    const erasure = this.#erasures.get(row.position) as number;
    this.#erasures.delete(row.position);
    const line = batch.takeErased(row, this.#erased.get(erasure)?.get(row.kind));
    this.#setErased(erasure, row.kind, line);
  }

  #setErased(erasure: number, kind: string, line: Line): void {
    const lines = this.#erased.get(erasure) ?? new Map<string, Line>();
    this.#erased.set(erasure, lines.set(kind, line));
  }
}

/** What a few changes come to. */
class Batch {
  readonly #digest: Digest;
  readonly #lines = new Map<string, { readonly digest: Buffer; line: Line | undefined }>();
  readonly #changes: ChangeRow[] = [];
  readonly #newStreams = new Map<number, StreamRow>();
  readonly #movedStreams = new Map<number, StreamRow>();
  readonly #addresses: AddressRow[] = [];
  readonly #entries = new Map<string, DirectoryRow>();
  #last: number;

  constructor(digest: Digest, last: number) {
    this.#digest = digest;
    this.#last = last;
  }

  know(name: string, digest: Buffer, line: Line | undefined): void {
    this.#lines.set(name, { digest, line });
  }

  take(row: ChangeRow, said: Said): void {
    const { stream: name, kind, document } = said;
    const known = this.#lines.get(name) as { readonly digest: Buffer; line: Line | undefined };
    known.line = this.#add(row, known.line, known.digest);
    const stream = known.line.number;
    for (const normal of heldAddresses(kind, document)) this.#addresses.push({ digest: this.#digest(normal), stream });
    const entry = kind === "directory" ? entryNameOf(name) : undefined;
    if (entry === undefined) return;
    const { email } = document as UserEntry;
    const normal = email === undefined ? null : this.#digest(email.toLowerCase());
    this.#entries.set(`${entry.kind}:${entry.id}`, { ...entry, stream, email: normal });
  }

  takeErased(row: ChangeRow, line: Line | undefined): Line {
    return this.#add(row, line, null);
  }

  derived(): Derived {
    return {
      changes: this.#changes,
      newStreams: [...this.#newStreams.values()],
      movedStreams: [...this.#movedStreams.values()],
      addresses: this.#addresses,
      entries: [...this.#entries.values()],
    };
  }

  /** Numbers count the streams in the order in which they first came. */
  #add(row: ChangeRow, before: Line | undefined, digest: Buffer | null): Line {
    const { position } = row;
    const number = before?.number ?? (this.#last += 1);
    this.#changes.push({ ...row, stream: number, previous: before?.newest ?? null });
    const isNew = before === undefined || this.#newStreams.has(number);
    (isNew ? this.#newStreams : this.#movedStreams).set(number, { number, digest, head: position });
    return { number, newest: position };
  }
}

/** The change without what it said, as long as it was. */
function blank(row: ChangeRow): ChangeRow {
  const { salt, body } = row;
  return { ...row, salt: Buffer.alloc(salt.length), body: " ".repeat(Buffer.byteLength(body)) };
}

/** What the directory has of one kind once it is derived. */
export interface DirectoryCount {
  readonly kind: string;
  readonly entries: number;
  readonly largest: number;
  /** How many streams of entries were erased, of this kind or another: nobody knows any more. */
  readonly erased: number;
  /** Whether anything at all was erased. */
  readonly hasErased: boolean;
}

/** What the tables said before of the directory's sizes, and whether it is known to be right. */
export interface KnownSizes {
  readonly sizes: readonly DirectorySizeRow[];
  readonly isSound: boolean;
}

/**
 * How many entries there ever were is kept where it can be right, and otherwise never too small: ids are not given out
 * twice.
 */
export function settledSize(count: DirectoryCount, { sizes, isSound }: KnownSizes): DirectorySizeRow {
  const { kind, entries, largest, erased, hasErased } = count;
  const ever = sizes.find((size) => size.kind === kind)?.ever ?? 0;
  const least = isSound ? entries : entries + erased;
  const most = hasErased ? limits.largestId : entries + largest;
  return { kind, entries, ever: ever >= least && ever <= most ? ever : Math.max(least, largest) };
}
