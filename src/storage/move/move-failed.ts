/** A log could not be moved, or not yet. The message says why, and what to do. */
export class MoveFailed extends Error {
  override readonly name = "MoveFailed";
}
