/** A subject was erased: nothing in it tells who that was. */
export interface Erasure {
  /** The positions of the changes that lost all that they said, in their order. */
  readonly positions: readonly number[];
}

/** The log took on another identity, over the same entries. */
export interface Continuation {
  /** The verifier key from here on (C2SP signed-note); its name is the new origin. */
  readonly key: string;
  /** The last checkpoint that is known to have been signed under the identity before, as it was signed. */
  readonly lastCheckpoint?: string;
  /** The verifier key of the identity before. */
  readonly previousKey: string;
  /** SHA-256, in base64, of the checkpoint that was kept beside the key then, whatever it was; absent when there was none. */
  readonly keptCheckpoint?: string;
  /**
   * SHA-256, in base64, of the last line that the book of erasures had then; absent when it had none. What is recorded
   * from here on is newer than that line and those before it.
   */
  readonly lastErasure?: string;
}
