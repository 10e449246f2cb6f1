import { setImmediate as nextTurn } from "node:timers/promises";
import type { Change } from "../../domain/change.ts";
import { limits } from "../../domain/limits.ts";
import type { Stream } from "../../domain/stream.ts";
import type { MarkKey } from "../../domain/suppression.ts";
import { codeOf } from "../../service/change-code.ts";
import type { CodeStore, KeptCode } from "../../service/code-store.ts";
import { type Marker, markerOf } from "../../service/mark.ts";
import type { Records } from "../../service/store.ts";

/** A change, and where it stands. */
export interface Codable {
  readonly place: number;
  readonly commitment: Buffer;
  readonly change: Change;
}

/** A stream of whose newest change no code was made yet. */
interface Due {
  readonly place: number;
  readonly stream: Stream;
  readonly position: number;
  /** Its bytes as characters: a Buffer would keep all the memory that it shares, in which texts of changes stand. */
  readonly commitment: string;
}

export interface CodeKeeperOptions {
  readonly store: Pick<Records, "newest">;
  readonly codes: CodeStore;
  readonly marking: MarkKey;
  /** Told of codes that could not be made or saved. */
  readonly onTrouble: (trouble: unknown) => void;
}

/** Codes that are made between two turns of the event loop: about a millisecond of work. */
const madeAtOnce = 100;

/**
 * Keeps codes of what an index has taken in, so that the next one is built from them. Of what came after the building they
 * are made when there is time, as no request should wait for them. What is not saved costs the next one some time, nothing
 * else: whatever goes wrong is told, and not tried again.
 */
export class CodeKeeper {
  readonly #options: CodeKeeperOptions;
  readonly #marker: Marker;
  readonly #made: KeptCode[] = [];
  /** By place. */
  readonly #due = new Map<number, Due>();
  #saving: Promise<void> = Promise.resolve();
  #isSaving = false;

  constructor(options: CodeKeeperOptions) {
    this.#options = options;
    this.#marker = markerOf(options.marking);
  }

  /** Makes the code of a stream's newest change, which is at hand. */
  add(codable: Codable): void {
    const code = this.#codeOf(codable);
    if (code !== undefined) this.#made.push(code);
  }

  /** Takes note of a stream's newest change, which is asked of the store again when its code is made. */
  note({ place, commitment, change: { stream, position } }: Codable): void {
    this.#due.delete(place);
    // Where saving does not keep up, those that came first are let go: they are read as changes.
    if (this.#due.size >= limits.codesWaiting) this.#takeDue(limits.codesAtOnce);
    this.#due.set(place, { place, stream, position, commitment: commitment.toString("latin1") });
  }

  /** Whether there are as many as are saved at once. */
  get isFull(): boolean {
    return this.#waiting >= limits.codesAtOnce;
  }

  /**
   * Saves everything that was added or noted before, in parts. It never rejects.
   *
   * @param over aborted when no more parts are to be begun
   */
  async save(over?: AbortSignal): Promise<void> {
    for (let left = this.#waiting; left > 0 && over?.aborted !== true; left -= limits.codesAtOnce) await this.#inTurn();
  }

  /** Saves a part in the background, when there is enough for one, and none is being saved. */
  saveSome(): void {
    if (this.isFull && !this.#isSaving) void this.#inTurn();
  }

  get #waiting(): number {
    return this.#made.length + this.#due.size;
  }

  #inTurn(): Promise<void> {
    this.#isSaving = true;
    this.#saving = this.#saving.then(() => this.#savePart());
    return this.#saving;
  }

  async #savePart(): Promise<void> {
    try {
      const made = this.#made.splice(0, limits.codesAtOnce);
      const others = await this.#makeDue(limits.codesAtOnce - made.length);
      await this.#options.codes.saveCodes([...made, ...others]);
    } catch (error) {
      this.#options.onTrouble(error);
    }
    this.#isSaving = false;
  }

  async #makeDue(count: number): Promise<KeptCode[]> {
    const due = this.#takeDue(count);
    const codes: KeptCode[] = [];
    for (let from = 0; from < due.length; from += madeAtOnce) {
      const some = due.slice(from, from + madeAtOnce);
      const changes = await this.#options.store.newest(some.map(({ stream }) => stream));
      codes.push(
        ...some.map((each, index) => this.#codeOfDue(each, changes[index])).filter((code) => code !== undefined),
      );
      await nextTurn();
    }
    return codes;
  }

  #takeDue(count: number): Due[] {
    const taken: Due[] = [];
    for (const [place, due] of this.#due) {
      if (taken.length === count) break;
      taken.push(due);
      this.#due.delete(place);
    }
    return taken;
  }

  /** Undefined where another change has come, of which note is taken as well. */
  #codeOfDue({ place, position, commitment }: Due, change: Change | undefined): KeptCode | undefined {
    if (change?.position !== position) return undefined;
    return this.#codeOf({ place, commitment: Buffer.from(commitment, "latin1"), change });
  }

  #codeOf({ place, commitment, change }: Codable): KeptCode | undefined {
    try {
      const code = codeOf(place, change, this.#marker);
      return code && { ...code, commitment };
    } catch (error) {
      this.#options.onTrouble(error);
      return undefined;
    }
  }
}
