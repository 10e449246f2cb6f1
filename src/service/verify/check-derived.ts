import type { UserEntry } from "../../domain/directory.ts";
import { heldAddresses } from "../../domain/held-addresses.ts";
import { limits } from "../../domain/limits.ts";
import { entryNameOf } from "../../domain/stream.ts";
import type { ChangeRow, Said } from "../change-row.ts";
import type { DirectoryRow, DirectorySizeRow, Inspection } from "../inspection.ts";
import type { Marker } from "../mark.ts";
import { CodeCheck } from "./check-codes.ts";
import { Bits } from "./columns.ts";
import { ExpectedAddresses } from "./expected-addresses.ts";
import type { Findings } from "./findings.ts";
import { StreamTable } from "./stream-table.ts";

/** What the changes say of one kind of directory entry. */
interface Kind {
  entries: number;
  largestId: number;
}

/** Everything that is looked up - streams with their heads, addresses, the directory, codes - against the changes. */
export class DerivedCheck {
  readonly #inspection: Inspection;
  readonly #findings: Findings;
  readonly #streams = new StreamTable();
  readonly #addresses = new ExpectedAddresses();
  readonly #codes: CodeCheck;
  readonly #kinds = new Map<string, Kind>();
  #hasErased = false;
  #isUnsure = false;
  /** The number of the stream that came last. */
  #lastNew = 0;

  constructor(inspection: Inspection, findings: Findings) {
    this.#inspection = inspection;
    this.#findings = findings;
    this.#codes = new CodeCheck(this.#streams, findings);
  }

  /** @param marker marks addresses by the key of the log; undefined when it has none */
  async open(marker: Marker | undefined): Promise<void> {
    for await (const page of this.#inspection.streams()) for (const row of page) this.#streams.add(row);
    await this.#codes.open(this.#inspection.codes(), marker);
  }

  /** @param said undefined when the change says nothing */
  take(row: ChangeRow, said: Said | undefined, isErased: boolean): void {
    const { position, stream, kind } = row;
    const index = this.#streams.indexOf(stream);
    if (index === -1) {
      this.#findings.add("derived", `Its stream, number ${stream}, is missing.`, position);
      return;
    }
    const isFirst = this.#link(index, row);
    if (isErased) this.#streams.erased.add(index);
    else this.#codes.take(index, position, said);
    this.#hasErased ||= isErased;
    if (said === undefined) {
      if (!isErased) this.#doubt(index);
      return;
    }
    if (!this.#streams.isNamed(index, this.#inspection.digest(said.stream))) {
      this.#findings.add("derived", "Its stream is stored under another name.", position);
    }
    for (const normal of heldAddresses(said.kind, said.document)) {
      this.#addresses.add(index, this.#inspection.digest(normal), position);
    }
    if (kind === "directory") this.#takeEntry(index, said, isFirst);
  }

  async finish(): Promise<void> {
    this.#finishStreams();
    this.#codes.finish();
    await this.#finishAddresses();
    await this.#finishDirectory();
    if (this.#isUnsure) return;
    for (const row of await this.#inspection.directorySizes()) this.#compareSize(row);
    for (const kind of this.#kinds.keys())
      this.#findings.add("derived", `The directory's size of ${kind}s is missing.`);
  }

  /** Whether it is its stream's first change; its link to the one before it is compared. */
  #link(index: number, { position, stream, previous }: ChangeRow): boolean {
    const newest = this.#streams.newestOf(index);
    if (newest === undefined) {
      if (stream < this.#lastNew)
        this.#findings.add("derived", "Its stream's number is not in the order of the log.", position);
      this.#lastNew = Math.max(this.#lastNew, stream);
    }
    if ((previous ?? undefined) !== newest) {
      const [found, right] = [previous ?? "none", newest ?? "none"];
      this.#findings.add("derived", `It names ${found} as its stream's change before it, which is ${right}.`, position);
    }
    this.#streams.setNewest(index, position);
    return newest === undefined;
  }

  /** What a stream with a damaged change should have is not known, nor how many entries the directory should. */
  #doubt(index: number): void {
    this.#streams.unsure.add(index);
    this.#isUnsure = true;
  }

  #takeEntry(index: number, { stream, document }: Said, isFirst: boolean): void {
    const name = entryNameOf(stream);
    if (name === undefined) return;
    const { kind, id } = name;
    const { email } = Object(document) as Partial<UserEntry>;
    this.#streams.entries.add(index);
    this.#streams.setEmail(index, email === undefined ? undefined : this.#inspection.digest(email.toLowerCase()));
    if (!isFirst) return;
    const known = this.#kinds.get(kind) ?? { entries: 0, largestId: 0 };
    this.#kinds.set(kind, { entries: known.entries + 1, largestId: Math.max(known.largestId, id) });
  }

  #finishStreams(): void {
    const streams = this.#streams;
    for (let index = 0; index < streams.count; index += 1) {
      const newest = streams.newestOf(index);
      if (newest === undefined) {
        this.#findings.add("derived", `Stream number ${streams.numberOf(index)} has no changes.`);
        continue;
      }
      const head = streams.headOf(index);
      if (head !== newest) this.#findings.add("derived", `Its stream has ${head} as its newest change.`, newest);
      if (streams.erased.has(index) && streams.hasDigest(index)) {
        this.#findings.add("derived", "Its stream was erased, and is stored under a name.", newest);
      }
    }
  }

  async #finishAddresses(): Promise<void> {
    for await (const page of this.#inspection.addresses()) {
      for (const { stream, digest } of page) {
        const index = this.#streams.indexOf(stream);
        if (index !== -1 && (this.#addresses.meet(index, digest) || this.#streams.unsure.has(index))) continue;
        const newest = index === -1 ? undefined : this.#streams.newestOf(index);
        this.#findings.add("derived", `Stream number ${stream} is stored with an address that it never had.`, newest);
      }
    }
    for (const position of this.#addresses.missing()) {
      this.#findings.add("derived", "Its subject is not found by an address that it names.", position);
    }
  }

  async #finishDirectory(): Promise<void> {
    const met = new Bits();
    for await (const page of this.#inspection.directory()) {
      for (const row of page) {
        const index = this.#streams.indexOf(row.stream);
        if (index !== -1 && this.#streams.unsure.has(index)) continue;
        if (index !== -1 && !met.has(index) && this.#isEntry(index, row)) met.add(index);
        else this.#findings.add("derived", `The directory's row of ${row.kind} ${row.id} is not what its changes say.`);
      }
    }
    const { count, entries, unsure } = this.#streams;
    for (let index = 0; index < count; index += 1) {
      if (!entries.has(index) || met.has(index) || unsure.has(index)) continue;
      this.#findings.add("derived", "The directory has no row that fits it.", this.#streams.newestOf(index));
    }
  }

  #isEntry(index: number, { kind, id, email }: DirectoryRow): boolean {
    const streams = this.#streams;
    const isNamed = streams.isNamed(index, this.#inspection.digest(`directory/${kind}:${id}`));
    return isNamed && streams.entries.has(index) && streams.hasEmail(index, email);
  }

  /** Of the erased nobody knows any more of what kind they were, nor what ids they had. */
  #compareSize({ kind, entries, ever }: DirectorySizeRow): void {
    const known = this.#kinds.get(kind) ?? { entries: 0, largestId: 0 };
    this.#kinds.delete(kind);
    const most = this.#hasErased ? limits.largestId : known.entries + known.largestId;
    if (entries === known.entries && ever >= entries && ever <= most) return;
    this.#findings.add("derived", `The directory's size of ${kind}s is not what its changes say.`);
  }
}
