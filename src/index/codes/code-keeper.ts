import type { Change } from "../../domain/change.ts";
import { limits } from "../../domain/limits.ts";
import type { MarkKey } from "../../domain/suppression.ts";
import { codeOf } from "../../service/change-code.ts";
import type { CodeStore, KeptCode } from "../../service/code-store.ts";
import { type Marker, markerOf } from "../../service/mark.ts";

/** A change, and where it stands. */
export interface Codable {
  readonly place: number;
  readonly commitment: Uint8Array;
  readonly change: Change;
}

/**
 * Keeps codes of what an index has taken in, so that the next one is built from them. They are saved now and then, and
 * what is not saved costs the next one some time, nothing else: whatever goes wrong is told, and not tried again.
 */
export class CodeKeeper {
  readonly #store: CodeStore;
  readonly #marker: Marker;
  readonly #onTrouble: (trouble: unknown) => void;
  /** By place. */
  readonly #waiting = new Map<number, KeptCode>();
  #saving: Promise<void> | undefined;

  constructor(store: CodeStore, marking: MarkKey, onTrouble: (trouble: unknown) => void) {
    this.#store = store;
    this.#marker = markerOf(marking);
    this.#onTrouble = onTrouble;
  }

  /** Takes note of the newest change of a stream. */
  add({ place, commitment, change }: Codable): void {
    this.#waiting.delete(place);
    // Where saving does not keep up, those that came first are let go: they are read as changes.
    if (this.#waiting.size >= limits.codesWaiting) this.#letGo();
    try {
      const code = codeOf(place, change, this.#marker);
      if (code !== undefined) this.#waiting.set(place, { ...code, commitment });
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  /** Whether there are as many as are saved at once. */
  get isFull(): boolean {
    return this.#waiting.size >= limits.codesAtOnce;
  }

  /** Saves all that was noted before, in parts. It never rejects. */
  async save(): Promise<void> {
    await this.#saving;
    this.#saving = this.#saveAll();
    await this.#saving;
    this.#saving = undefined;
  }

  /** Saves in the background, when there are enough, and nothing is being saved. */
  saveSome(): void {
    if (this.isFull && this.#saving === undefined) void this.save();
  }

  async #saveAll(): Promise<void> {
    for (let left = this.#waiting.size; left > 0; left -= limits.codesAtOnce) {
      const codes = this.#take(Math.min(left, limits.codesAtOnce));
      try {
        await this.#store.saveCodes(codes);
      } catch (error) {
        this.#onTrouble(error);
      }
    }
  }

  #take(count: number): KeptCode[] {
    const codes: KeptCode[] = [];
    for (const [place, code] of this.#waiting) {
      if (codes.length === count) break;
      codes.push(code);
      this.#waiting.delete(place);
    }
    return codes;
  }

  #letGo(): void {
    const first = this.#waiting.keys().next();
    if (first.done !== true) this.#waiting.delete(first.value);
  }
}
