import { heldAddresses } from "../domain/held-addresses.ts";
import { markingStream, type Stream, suppressionEvidenceOf } from "../domain/stream.ts";
import { markOf } from "./mark.ts";
import { type Opening, RecordDamaged, type Records } from "./store.ts";
import { nextTurn } from "./turns.ts";

/** Changes that are read before other requests get their turn: less than a millisecond of work. */
const turnChanges = 50;

/**
 * Finds the streams of evidence about suppressions of all addresses that a subject has or had: evidence could name it, and
 * is erased with it. Suppressions name nobody, and stay.
 */
export class EvidenceAbout {
  readonly #records: Pick<Records, "newest" | "opening" | "positions">;
  readonly #streams: readonly Stream[];
  readonly #read = new Set<number>();
  readonly #found = new Set<Stream>();

  /** @param streams all of the subject's own */
  constructor(records: Pick<Records, "newest" | "opening" | "positions">, streams: readonly Stream[]) {
    this.#records = records;
    this.#streams = streams;
  }

  /** Reads the changes of the subject that were not read yet. */
  async find(): Promise<readonly Stream[]> {
    const [key] = await this.#records.newest([markingStream]);
    for (const stream of this.#streams) {
      for (const position of await this.#records.positions(stream)) {
        if (this.#read.has(position)) continue;
        this.#read.add(position);
        // Without a key nothing was ever stopped.
        if (key === undefined) continue;
        for (const normal of await this.#addressesAt(position))
          this.#found.add(suppressionEvidenceOf(markOf(key.document, normal)));
        if (this.#read.size % turnChanges === 0) await nextTurn();
      }
    }
    return [...this.#found];
  }

  /** Whether all of these changes of the subject were read. */
  hasRead(positions: readonly number[]): boolean {
    return positions.every((position) => this.#read.has(position));
  }

  async #addressesAt(position: number): Promise<readonly string[]> {
    const opening = await this.#openingAt(position);
    if (opening === undefined || opening === "erased") return [];
    return heldAddresses(opening.change.kind, opening.change.document);
  }

  /** Nobody can tell any more what a damaged change said, and it must not keep the others from being erased. */
  async #openingAt(position: number): Promise<Opening | "erased" | undefined> {
    try {
      return await this.#records.opening(position);
    } catch (error) {
      if (error instanceof RecordDamaged) return undefined;
      throw error;
    }
  }
}
