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
  readonly commitment: Uint8Array;
  readonly change: Change;
}

/** A stream whose newest change has no code yet. */
interface Due {
  readonly place: number;
  readonly stream: Stream;
  readonly position: number;
  readonly commitment: Uint8Array;
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

  /** Takes note of a stream's newest change, which is remembered meanwhile, or read once more. */
  note({ place, commitment, change: { stream, position } }: Codable): void {
    this.#due.delete(place);
    // Where saving does not keep up, those that came first are let go: they are read as changes.
    if (this.#due.size >= limits.codesWaiting) this.#letGo();
    this.#due.set(place, { place, stream, position, commitment });
  }

  /** Whether there are as many as are saved at once. */
  get isFull(): boolean {
    return this.#waiting >= limits.codesAtOnce;
  }

  /** Saves everything that was added or noted before, in parts. It never rejects. */
  async save(): Promise<void> {
    for (let left = this.#waiting; left > 0; left -= limits.codesAtOnce) await this.#inTurn();
  }

  /** Saves a part in the background, when there is enough for one, and none is being saved. */
  saveSome(): void {
    if (this.isFull && !this.#isSaving) void this.#inTurn();
  }

  get #waiting(): number {
    return this.#made.length + this.#due.size;
  }

  #inTurn(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#savePart());
    return this.#saving;
  }

  async #savePart(): Promise<void> {
    this.#isSaving = true;
    try {
      const codes = this.#made.splice(0, limits.codesAtOnce);
      await this.#options.codes.saveCodes(codes.length > 0 ? codes : await this.#makeDue());
    } catch (error) {
      this.#options.onTrouble(error);
    }
    this.#isSaving = false;
  }

  async #makeDue(): Promise<KeptCode[]> {
    const due = this.#takeDue(limits.codesAtOnce);
    const codes: KeptCode[] = [];
    for (let from = 0; from < due.length; from += madeAtOnce) {
      const some = due.slice(from, from + madeAtOnce);
      const changes = await this.#options.store.newest(some.map(({ stream }) => stream));
      codes.push(...some.flatMap((each, index) => this.#codeOfDue(each, changes[index])));
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

  /** Nothing where another change has come, of which note is taken as well. */
  #codeOfDue({ place, position, commitment }: Due, change: Change | undefined): KeptCode | [] {
    return (change?.position === position && this.#codeOf({ place, commitment, change })) || [];
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

  #letGo(): void {
    const first = this.#due.keys().next();
    if (first.done !== true) this.#due.delete(first.value);
  }
}
