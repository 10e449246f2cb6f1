import type { NewestChange } from "./store.ts";

/**
 * What the index needs of each stream's newest change, kept beside the streams: whoever builds an index reads these few
 * bytes instead of the changes. All of it is derived, may be lost, and is made anew by whoever builds an index without it.
 */
export interface CodeStore {
  /**
   * Every stream with the code of its newest change, or with that change where no code of it is kept; in the order of
   * the places, read in pieces, so that writes go on meanwhile. Streams that were erased before their piece was read are
   * left out.
   */
  everyCoded(): AsyncIterable<CodedPage>;

  /**
   * Keeps codes. One of a change that is not its stream's newest any more, or not in the log, or whose stream was erased, is
   * not kept. They may be lost with the power.
   */
  saveCodes(codes: readonly KeptCode[]): Promise<void>;
}

/** The code of a stream's newest change, as it is kept. */
export interface KeptCode {
  /** That of the stream. */
  readonly place: number;
  /** That of the change. */
  readonly position: number;
  /** What the entry of the change commits to: tells it from another that a database, set back, has in the same position. */
  readonly commitment: Uint8Array;
  /** Whose change it is, as a key of `subjectKeyBytes` bytes, which are overwritten where they stand when the subject is erased. */
  readonly name: Uint8Array;
  /** What it says, in which no address stands but by its mark. */
  readonly said: Uint8Array;
}

/** A piece of all streams. */
export interface CodedPage {
  /**
   * Those of which a code is kept, one behind the other: place, position of the newest change, and length of what the code
   * says, as decimal numbers with a space behind each; the name; what it says.
   */
  readonly codes: Uint8Array;
  /** The others, in the order of the places. */
  readonly changes: readonly NewestChange[];
}
