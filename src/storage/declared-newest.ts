import assert from "node:assert/strict";
import type { Change } from "../domain/change.ts";
import type { Stream } from "../domain/stream.ts";
import type { Newest, Write } from "../service/store.ts";

/** The newest state, as a storage can tell of it without waiting. */
export type NewestState = Omit<Newest, "at" | "change"> & { change(stream: Stream): Change | undefined };

/** The newest state as a step sees it; answers for nothing that its write did not declare. */
export class DeclaredNewest implements Newest {
  readonly at: string;
  readonly #write: Write<unknown>;
  readonly #state: NewestState;

  /** @param at the time that the step's changes will carry, RFC 3339 */
  constructor(write: Write<unknown>, at: string, state: NewestState) {
    this.at = at;
    this.#write = write;
    this.#state = state;
  }

  change<Document>(stream: Stream<Document>): Change<Document> | undefined {
    assert(this.#write.reads.includes(stream), "a step reads only the streams that its write declares");
    return this.#state.change(stream) as Change<Document> | undefined;
  }

  positions(stream: Stream): number[] {
    const declared = this.#write.positions?.includes(stream) ?? false;
    assert(declared, "a step asks only for the positions of streams that its write declares");
    return this.#state.positions(stream);
  }

  userWithEmail(email: string): number | undefined {
    const declared = this.#write.emails?.includes(email.toLowerCase()) ?? false;
    assert(declared, "a step asks only for the e-mail addresses that its write declares");
    return this.#state.userWithEmail(email);
  }

  freeId(kind: "organisation" | "user"): number {
    assert(this.#write.ids?.includes(kind) ?? false, "a step asks only for the kinds of id that its write declares");
    return this.#state.freeId(kind);
  }
}
