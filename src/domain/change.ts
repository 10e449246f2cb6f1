import type { Stream } from "./stream.ts";

/** What an accepted write was about: a word of lower-case letters, because an entry of the log takes nothing else. */
export type ChangeKind =
  | "preferences"
  | "directory"
  | "suppression"
  | "lift"
  | "evidence"
  | "marking"
  | "catalogue"
  | "erasure"
  | "continuation";

/** Who did it, through what, and what was shown: the part of a change that does not depend on its document. */
export interface Act {
  /** Who the client says did it; the client itself when it does not say. */
  readonly actor: string;
  /** The ClientId of the program that sent it. */
  readonly client: string;
  /** The sender's own id of the request, where its contract has one. */
  readonly trackingId?: string;
  /** What was shown and said when the choice was made, as the client gave it. */
  readonly evidence?: Readonly<Record<string, unknown>>;
}

/** One accepted write, before the log has given it a time and a position. */
export interface Draft<Document = unknown> extends Act {
  readonly stream: Stream<Document>;
  readonly kind: ChangeKind;
  /** The stream's new state, whole: objects have their keys in sorted order, so that JSON.stringify is RFC 8785. */
  readonly document: Document;
}

/** One accepted write, at its position in the log. */
export interface Change<Document = unknown> extends Act {
  /** Index in the log, counted from 0, without gaps. */
  readonly position: number;
  /** RFC 3339 in UTC with milliseconds; never before that of the change ahead of it. */
  readonly at: string;
  readonly stream: Stream<Document>;
  readonly kind: ChangeKind;
  /** The stream's change before this one. */
  readonly previous?: number;
  readonly document: Document;
}

/**
 * The draft of a stream's next change. Its document is held to the kind that the stream carries, which a draft in a
 * list of drafts no longer is.
 *
 * @param document the stream's new state, its keys in sorted order
 */
export function draft<Document>(
  act: Act,
  kind: ChangeKind,
  stream: Stream<Document>,
  document: NoInfer<Document>,
): Draft<Document> {
  return { ...act, stream, kind, document };
}

/** A document as it is recorded, with the position of its change. */
export type Recorded<Document> = Pick<Change<Document>, "document" | "position">;
