/** A log could not be moved, or not yet. The message says why, and what to do. */
export class MoveFailed extends Error {
  override readonly name: string = "MoveFailed";
}

/** All of it was moved there by an earlier run, and nothing is left to do. The message says so. */
export class MovedBefore extends MoveFailed {
  override readonly name = "MovedBefore";
}
