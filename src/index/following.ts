import { setImmediate as nextTurn } from "node:timers/promises";
import type { CatalogueWords } from "../domain/catalogue.ts";
import type { Change } from "../domain/change.ts";
import { limits } from "../domain/limits.ts";
import {
  catalogueStream,
  entryOf,
  erasureStream,
  markingStream,
  preferencesOf,
  type Stream,
} from "../domain/stream.ts";
import { isUser, type Subject } from "../domain/subject.ts";
import type { CatalogueInForce } from "../service/catalogue.ts";
import type { MarkKey } from "../domain/suppression.ts";
import type { CodedPage, CodeStore } from "../service/code-store.ts";
import type { LoggedChange, NewestChange, Records } from "../service/store.ts";
import { CodeNames } from "./codes/code-names.ts";
import { CodedPageReader } from "./codes/coded-page.ts";
import { CodeKeeper } from "./codes/code-keeper.ts";
import { Image } from "./image.ts";

/** What an index is built from, and follows. */
export type Followed = Pick<
  Records,
  "changesFrom" | "everyNewest" | "everySuppressed" | "last" | "newest" | "newestAmong" | "placesOf"
>;

/** What was taken over does not hold any more: the database was set back, or addresses have marks only from now on. */
export class Outdated extends Error {
  override readonly name = "Outdated";
}

/** What an index is made from. */
export interface FollowingOptions {
  readonly store: Followed;
  /** Where codes are kept, from which an image is built in a tenth of the time; absent: nowhere. */
  readonly codes?: CodeStore;
  readonly catalogue: CatalogueInForce;
  /** Told of codes that could not be read or saved. All that comes of it is that building takes longer. */
  readonly onTrouble?: (trouble: unknown) => void;
}

/** Called while an image is built, with how many subjects are in it so far; what it throws ends that. */
export type OnPage = (subjects: number) => void;

/** Subjects that are looked at again between two turns of the event loop. */
const subjectsAtOnce = 128;

/** Codes with names that nobody knows, whose changes are read one by one; of more, all changes are read. */
const unknownMost = 10_000;

/** Where the log ended when something was read. */
interface LogEnd {
  readonly size: number;
  /** What the entry of the last change commits to. */
  readonly last: Buffer | undefined;
}

/** What an image begins with. */
interface Begun {
  readonly end: LogEnd;
  readonly words: CatalogueWords;
  readonly marking: MarkKey | undefined;
  /** By which codes are read; undefined where they cannot be. */
  readonly names: CodeNames | undefined;
}

interface PlacedStream {
  readonly place: number;
  readonly stream: Stream;
}

/** An image of what is recorded, and how much of the log is in it. */
export class Following {
  readonly image: Image;
  readonly #store: Followed;
  readonly #catalogue: CatalogueInForce;
  #words: CatalogueWords;
  #end: LogEnd;
  readonly #keeper: CodeKeeper | undefined;
  /** Whoever has to be looked at again: kept until that is done, whatever breaks it off. */
  readonly #stale = new Set<Subject>();

  private constructor({ store, codes, catalogue, onTrouble = ignore }: FollowingOptions, begun: Begun) {
    this.#store = store;
    this.#catalogue = catalogue;
    this.#words = begun.words;
    this.#end = begun.end;
    this.image = new Image(begun);
    const { marking } = begun;
    this.#keeper =
      codes && marking && this.image.takesCodes ? new CodeKeeper({ store, codes, marking, onTrouble }) : undefined;
  }

  /**
   * Builds an image. What is recorded meanwhile may be in it or not: the changes from where the log ended at the
   * beginning are all taken over at last, in their order.
   */
  static async build(options: FollowingOptions, onPage: OnPage): Promise<Following> {
    const { store, codes, catalogue } = options;
    const end = await endOf(store);
    const [chosen, marked] = await store.newest([catalogueStream, markingStream]);
    const words = catalogue.at(chosen);
    const begun: Begun = { end, words, marking: marked?.document, names: codes && CodeNames.of(words) };
    const following =
      (await Following.#ofCodes(options, begun, onPage)) ?? (await Following.#ofChanges(options, begun, onPage));
    await following.catchUp();
    return following;
  }

  /** Undefined where codes do not say enough, or are damaged: all that they say stands in the changes. */
  static async #ofCodes(options: FollowingOptions, begun: Begun, onPage: OnPage): Promise<Following | undefined> {
    const { codes, onTrouble = ignore } = options;
    const following = new Following(options, begun);
    if (codes === undefined || !following.image.takesCodes) return undefined;
    try {
      await following.#putCodes(codes, onPage);
      return following;
    } catch (error) {
      onPage(0);
      onTrouble(error);
      return undefined;
    }
  }

  static async #ofChanges(options: FollowingOptions, begun: Begun, onPage: OnPage): Promise<Following> {
    const following = new Following(options, begun);
    await following.#putChanges(onPage);
    return following;
  }

  /** Saves in the background some of what would cost the next building time. */
  saveSome(): void {
    this.#keeper?.saveSome();
  }

  /**
   * Saves all of it.
   *
   * @param over aborted when what is left is to be left
   */
  async close(over?: AbortSignal): Promise<void> {
    await this.#keeper?.save(over);
  }

  /** How many changes of the log are in it. */
  get size(): number {
    return this.#end.size;
  }

  /** The catalogue that counts. */
  get words(): CatalogueWords {
    return this.#words;
  }

  /**
   * Takes over everything that was recorded before the call. Calls must follow each other.
   *
   * @throws Outdated when it has to be built anew
   */
  async catchUp(): Promise<void> {
    const end = await endOf(this.#store);
    if (end.size === this.#end.size && isSame(end.last, this.#end.last)) return;
    for (;;) {
      // The last one that is known is read again: another in its place tells that the database was set back.
      const { size, last } = this.#end;
      const known = last === undefined ? 0 : 1;
      const page = await this.#store.changesFrom(size - known, limits.followedChanges + known);
      if (last !== undefined && !isSame(page[0]?.commitment, last)) throw new Outdated();
      await this.#takeOver(page.slice(known));
      if (page.length < limits.followedChanges + known) return;
      await nextTurn();
    }
  }

  async #putCodes(store: CodeStore, onPage: OnPage): Promise<void> {
    await this.#putStops();
    const unknown: PlacedStream[] = [];
    for await (const page of store.everyCoded()) {
      this.#putPage(page, unknown);
      await this.#pageDone(onPage);
    }
    await this.#putUnknown(unknown);
    await this.#finish();
  }

  async #putChanges(onPage: OnPage): Promise<void> {
    await this.#putStops();
    for await (const page of this.#store.everyNewest()) {
      for (const placed of page) this.#putNewest(placed);
      await this.#pageDone(onPage);
    }
    await this.#finish();
  }

  /** Stops come first: then it is known of each address that follows whether it is stopped. */
  async #putStops(): Promise<void> {
    for await (const change of this.#store.everySuppressed()) this.image.put(0, change);
  }

  /** In the order of the places, for a subject's first one is its own. */
  #putPage({ codes, changes }: CodedPage, unknown: PlacedStream[]): void {
    const code = new CodedPageReader(codes);
    let next = 0;
    while (code.next()) {
      for (let placed = changes[next]; placed && placed.place < code.place; placed = changes[++next])
        this.#putNewest(placed);
      if (!code.isWhole) throw new Error(`the code of stream ${code.place} is damaged`);
      if (this.image.putCoded(code)) continue;
      const { place, subject } = code;
      if (subject === undefined || unknown.length >= unknownMost)
        throw new Error("codes name what the catalogue lacks");
      unknown.push({ place, stream: preferencesOf(subject) });
    }
    for (const placed of changes.slice(next)) this.#putNewest(placed);
  }

  /** Reads the changes whose codes have names that the catalogue never had: entries have none. */
  async #putUnknown(unknown: readonly PlacedStream[]): Promise<void> {
    for (let from = 0; from < unknown.length; from += subjectsAtOnce) {
      const some = unknown.slice(from, from + subjectsAtOnce);
      const changes = await this.#store.newest(some.map(({ stream }) => stream));
      for (const [index, { place }] of some.entries()) {
        const change = changes[index];
        if (change !== undefined) this.#put(place, change);
      }
      await nextTurn();
    }
  }

  #putNewest(placed: NewestChange): void {
    this.#put(placed.place, placed.change);
    this.#keeper?.add(placed);
  }

  async #pageDone(onPage: OnPage): Promise<void> {
    // Nothing else waits for the building, and codes that are still to be saved take room.
    if (this.#keeper?.isFull === true) await this.#keeper.save();
    onPage(this.image.size);
  }

  async #finish(): Promise<void> {
    for (const _ of this.image.finish()) await nextTurn();
    const { size } = await endOf(this.#store);
    await this.#putAgain(size);
  }

  async #takeOver(page: readonly LoggedChange[]): Promise<void> {
    const end = page.at(-1);
    if (end === undefined) return;
    const erased = new Map<Change, readonly number[]>();
    for (const { change } of page) {
      if (isOf(change, erasureStream)) erased.set(change, await this.#store.placesOf(change.document.positions));
    }
    for (const { place, commitment, change } of page) {
      if (change === undefined) continue;
      if (isOf(change, markingStream)) throw new Outdated();
      if (isOf(change, catalogueStream)) this.#words = this.#catalogue.at(change);
      this.image.drop(erased.get(change) ?? []);
      this.#put(place, change);
      this.#keeper?.note({ place, commitment, change });
    }
    await this.#putAgain(end.position + 1);
    this.#end = { size: end.position + 1, last: end.commitment };
  }

  #put(place: number, change: Change): void {
    for (const subject of this.image.put(place, change)) this.#stale.add(subject);
  }

  /** Looks again at those of whose addresses one was stopped, or is not stopped any more: many may share one. */
  async #putAgain(size: number): Promise<void> {
    while (this.#stale.size > 0) {
      const some = firstOf(this.#stale, subjectsAtOnce);
      const changes = await this.#chosenBefore(size, some.map(streamWithAddresses));
      for (const [index, subject] of some.entries()) {
        this.#lookAgain(subject, changes[index]);
        this.#stale.delete(subject);
      }
      await nextTurn();
    }
  }

  #lookAgain(subject: Subject, change: Change | "erased" | undefined): void {
    const place = this.image.placeOf(subject);
    if (place === undefined || change === undefined) return;
    if (change === "erased") this.image.drop([place]);
    else this.image.put(place, change);
  }

  /**
   * What is newest, unless it came later: to see that, and then what was before it, would be to go back. Of whom nothing
   * is left the erasure is on its way, and no stop that came before it may wait for that.
   */
  async #chosenBefore(size: number, streams: readonly Stream[]): Promise<readonly (Change | "erased" | undefined)[]> {
    const newest = await this.#store.newest(streams);
    const late = streams.filter((_, index) => (newest[index]?.position ?? 0) >= size);
    const before = late.length === 0 ? [] : await this.#store.newestAmong(size, late);
    const then = new Map(late.map((stream, index) => [stream, before[index]]));
    return streams.map((stream, index) => (then.has(stream) ? then.get(stream) : (newest[index] ?? "erased")));
  }
}

function ignore(): void {}

async function endOf(store: Followed): Promise<LogEnd> {
  const last = await store.last();
  return last === undefined ? { size: 0, last: undefined } : { size: last.position + 1, last: last.commitment };
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}

function firstOf<Item>(items: ReadonlySet<Item>, count: number): Item[] {
  const first: Item[] = [];
  for (const item of items) if (first.push(item) === count) break;
  return first;
}

function streamWithAddresses(subject: Subject): Stream {
  return isUser(subject) ? entryOf(subject) : preferencesOf(subject);
}

function isOf<Document>(change: Change | undefined, stream: Stream<Document>): change is Change<Document> {
  return change?.stream === stream;
}
