import type { Change } from "../../domain/change.ts";
import { limits } from "../../domain/limits.ts";
import type { MarkKey } from "../../domain/suppression.ts";
import { codeOf } from "../../service/change-code.ts";
import type { CodeStore, KeptCode } from "../../service/code-store.ts";
import { type Marker, markerOf } from "../../service/mark.ts";

/**
 * Keeps codes of what an index has taken in, so that the next one is built from them. They are saved now and then, and
 * what is not saved costs the next one some time, nothing else.
 */
export class CodeKeeper {
  readonly #store: CodeStore;
  readonly #marker: Marker;
  readonly #onError: (error: unknown) => void;
  /** By place. */
  #waiting = new Map<number, KeptCode>();
  #saving: Promise<void> | undefined;

  /** @param onError told of what could not be saved, which is not tried again */
  constructor(store: CodeStore, marking: MarkKey, onError: (error: unknown) => void) {
    this.#store = store;
    this.#marker = markerOf(marking);
    this.#onError = onError;
  }

  /** Takes note of the newest change of a stream. */
  add(place: number, change: Change): void {
    const code = codeOf(place, change, this.#marker);
    if (code === undefined) this.#waiting.delete(place);
    else this.#waiting.set(place, code);
  }

  /** Whether there are as many as are saved at once. */
  get isFull(): boolean {
    return this.#waiting.size >= limits.codesAtOnce;
  }

  /** Saves what was noted, after what is being saved. It never rejects. */
  async save(): Promise<void> {
    await this.#saving;
    const codes = [...this.#waiting.values()];
    this.#waiting = new Map();
    if (codes.length === 0) return;
    this.#saving = this.#store.saveCodes(codes).catch(this.#onError);
    await this.#saving;
    this.#saving = undefined;
  }

  /** Saves in the background, when there are enough, and nothing is being saved. */
  saveSome(): void {
    if (this.isFull && this.#saving === undefined) void this.save();
  }
}
