import { sha256 } from "../../audit/verify-receipt.ts";
import { codeOf } from "../change-code.ts";
import type { Said } from "../change-row.ts";
import type { CodeRow } from "../inspection.ts";
import type { Marker } from "../mark.ts";
import { withRoom } from "./columns.ts";
import type { Findings } from "./findings.ts";
import type { StreamTable } from "./stream-table.ts";

/**
 * The codes that are kept, against the changes of which they are: 64 bits of a hash stand for each. That two codes have
 * the same is as likely as a wrong bit in memory.
 */
export class CodeCheck {
  readonly #streams: StreamTable;
  readonly #findings: Findings;
  #marker: Marker | undefined;
  /** By the streams' indexes: one more than the position of the code that is still to be compared; 0 for none. */
  #positions = new Float64Array(0);
  #hashes = new Uint32Array(0);

  constructor(streams: StreamTable, findings: Findings) {
    this.#streams = streams;
    this.#findings = findings;
  }

  /**
   * Takes in what is kept.
   *
   * @param marker by the key of the log; undefined when it has none
   */
  async open(codes: AsyncIterable<readonly CodeRow[]>, marker: Marker | undefined): Promise<void> {
    this.#marker = marker;
    let isAny = false;
    for await (const page of codes) for (const row of page) isAny = this.#keep(row) || isAny;
    if (isAny && marker === undefined)
      this.#findings.add("derived", "Codes are kept, and the log has no key by which addresses in them are marked.");
  }

  /** @param said undefined when what the change says is damaged */
  take(index: number, position: number, said: Said | undefined): void {
    if (this.#positions[index] !== position + 1) return;
    this.#positions[index] = 0;
    if (said === undefined || this.#marker === undefined) return;
    const place = this.#streams.numberOf(index);
    const code = codeOf(place, { ...said, position }, this.#marker);
    const [one, other] = code === undefined ? [] : hashOf(code.name, code.said);
    if (one === this.#hashes[2 * index] && other === this.#hashes[2 * index + 1]) return;
    this.#findings.add("derived", "The code that is kept of it is of something else.", position);
  }

  /** What is left is the code of no change. */
  finish(): void {
    const count = this.#marker === undefined ? 0 : this.#positions.length;
    for (let index = 0; index < count; index += 1) {
      const next = this.#positions[index] ?? 0;
      if (next === 0) continue;
      const what = this.#streams.erased.has(index)
        ? "Its stream was erased, and a code of it is kept."
        : `A code of its stream is kept as of position ${next - 1}, where none of its changes is.`;
      this.#findings.add("derived", what, this.#streams.newestOf(index));
    }
  }

  /** @returns whether a code is kept in the row */
  #keep({ place, position, name, said }: CodeRow): boolean {
    const index = this.#streams.indexOf(place);
    const isCode = position !== null && said !== null;
    if (index === -1) {
      this.#findings.add("derived", `A code of stream number ${place} is kept, which is missing.`);
    } else if (isCode) {
      this.#positions = withRoom(this.#positions, index + 1);
      this.#hashes = withRoom(this.#hashes, 2 * (index + 1));
      this.#positions[index] = position + 1;
      this.#hashes.set(hashOf(name ?? Buffer.alloc(0), said), 2 * index);
    } else if (name?.some((byte) => byte !== 0)) {
      this.#findings.add("derived", `The name of stream number ${place} stands where no code is kept.`);
    }
    return isCode;
  }
}

function hashOf(name: Uint8Array, said: Uint8Array): readonly [number, number] {
  const hash = sha256(Buffer.concat([name, said]));
  return [hash.readUInt32LE(0), hash.readUInt32LE(4)];
}
