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
}
