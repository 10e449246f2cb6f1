import assert from "node:assert/strict";
import { commitmentOf } from "../../audit/verify-receipt.ts";
import type { Change, Draft } from "../../domain/change.ts";
import type { UserEntry } from "../../domain/directory.ts";
import { type EntryName, entryNameOf, type Stream } from "../../domain/stream.ts";
import type { Appended, Refused, Write } from "../../service/store.ts";
import { addedAddresses } from "../added-addresses.ts";
import { changeText } from "../change-text.ts";
import { DeclaredNewest, type NewestState } from "../declared-newest.ts";
import { newSalt } from "../salts.ts";
import { appended } from "../stored-change.ts";
import { type EntryKind, type FreeIds, streamsOfId } from "./directory.ts";
import type { Head, SizedHead } from "./heads.ts";

/** A write that waits for its group, and where its answer goes. */
export interface Waiting {
  readonly write: Write<unknown>;
  /** When (ms, monotonic) it was handed over. */
  readonly since: number;
  readonly resolve: (outcome: Appended | Refused<unknown>) => void;
  readonly reject: (reason: unknown) => void;
}

/** What was read before a group's steps are run. */
export interface Loaded {
  readonly heads: ReadonlyMap<Stream, Head | undefined>;
  /** Owners of e-mail addresses in lower case. */
  readonly owners: ReadonlyMap<string, number | undefined>;
  readonly freeIds: ReadonlyMap<EntryKind, FreeIds>;
  readonly positions: ReadonlyMap<Stream, number[]>;
}

/** What a group needs to be run again with the log's head locked, before it is known where its changes will stand. */
export class LockNeeded extends Error {
  override readonly name = "LockNeeded";
}

/** One change of a group. */
export interface Member {
  readonly draft: Draft;
  readonly body: string;
  readonly salt: Buffer;
  readonly commitment: Buffer;
}

/** A change of the directory, to be taken over once it has been appended. */
export interface EntryChange {
  readonly name: EntryName;
  readonly email: string | undefined;
  readonly isNew: boolean;
  readonly wasGivenOut: boolean;
}

/** Runs the steps of a group's writes, one after the other, each on what those before it left. */
export class Group implements NewestState {
  readonly members: Member[] = [];
  readonly entries: EntryChange[] = [];
  /** The streams to be erased, before anything is appended. */
  readonly erased: Stream[] = [];
  readonly #loaded: Loaded;
  readonly #heads: Map<Stream, Head | undefined>;
  readonly #at: string;
  readonly #first: number | undefined;
  /** What the group itself has appended, by its place in the group. */
  readonly #own = new Map<Stream, { readonly change: Change; readonly place: number }>();
  /** The addresses that are new to a stream. */
  readonly addresses: { readonly stream: Stream; readonly normal: string }[] = [];
  readonly #givenOut = new Set<string>();
  readonly #appended: SizedHead[] = [];
  readonly #answers: ((first: number) => void)[] = [];
  /** The position of the group's first change, once that is known. */
  #from: number | undefined;

  /**
   * @param at the time of its changes, RFC 3339
   * @param first the position of its first change, when the log's head is locked; undefined while nobody can tell
   */
  constructor(loaded: Loaded, at: string, first: number | undefined) {
    this.#loaded = loaded;
    this.#heads = new Map(loaded.heads);
    this.#at = at;
    this.#first = first;
    this.#from = first;
  }

  /**
   * Runs one write's step.
   *
   * @throws LockNeeded when the step needs what only the locked head can tell
   */
  run(waiting: Waiting): void {
    try {
      const step = waiting.write.step(new DeclaredNewest(waiting.write, this.#at, this));
      if ("refuse" in step) {
        this.#answers.push(() => waiting.resolve({ refused: step.refuse }));
        return;
      }
      const { append, erase = [] } = step;
      const isLocked = this.#first !== undefined;
      if (!isLocked && (erase.length > 0 || append.some(({ kind }) => kind === "directory"))) throw new LockNeeded();
      const members = append.map((draft) => this.#member(draft));
      for (const stream of erase) this.#erase(waiting.write, stream);
      this.#answers.push(this.#add(waiting, members));
    } catch (error) {
      if (error instanceof LockNeeded) throw error;
      this.#answers.push(() => waiting.reject(error));
    }
  }

  /**
   * Gives every write its answer, once the group is durable.
   *
   * @param first the position of the group's first change
   * @returns the changes that the group appended, in their order
   */
  answer(first: number): SizedHead[] {
    this.#from = first;
    for (const answer of this.#answers) answer(first);
    return this.#appended;
  }

  /** The streams that were appended to without having been read. */
  get unread(): Stream[] {
    const streams = new Set(this.members.map(({ draft }) => draft.stream));
    return [...streams].filter((stream) => !this.#heads.has(stream));
  }

  change(stream: Stream): Change | undefined {
    return (this.#own.get(stream) ?? this.#heads.get(stream))?.change;
  }

  positions(stream: Stream): number[] {
    return this.#loaded.positions.get(stream) ?? [];
  }

  userWithEmail(email: string): number | undefined {
    const normal = email.toLowerCase();
    const own = this.entries.findLast((entry) => entry.name.kind === "user" && entry.email?.toLowerCase() === normal);
    if (own !== undefined) return own.name.id;
    const owner = this.#loaded.owners.get(normal);
    // Whoever had it has another one now, by a write of this group.
    const hasMoved = this.entries.some(({ name }) => name.kind === "user" && name.id === owner);
    return hasMoved ? undefined : owner;
  }

  freeId(kind: EntryKind): number {
    const loaded = this.#loaded.freeIds.get(kind);
    let ever = loaded?.ever ?? 0;
    for (const { name, isNew, wasGivenOut } of this.entries) {
      if (isNew && name.kind === kind) ever = Math.max(ever + 1, wasGivenOut ? name.id : 0);
    }
    const id = loaded?.ids.find((free) => free > ever && !this.#isTaken(kind, free));
    assert(id !== undefined, "there are as many free ids as a group can ask for");
    this.#givenOut.add(`${kind}:${id}`);
    return id;
  }

  #isTaken(kind: EntryKind, id: number): boolean {
    return streamsOfId(kind, id).some((stream) => this.#own.has(stream));
  }

  #member(draft: Draft): Member {
    const body = changeText(draft, this.#at);
    const salt = newSalt();
    return { draft, body, salt, commitment: commitmentOf(salt, body) };
  }

  #erase(write: Write<unknown>, stream: Stream): void {
    assert(write.positions?.includes(stream) ?? false, "a step erases only streams whose positions its write declares");
    this.#heads.set(stream, undefined);
    this.erased.push(stream);
  }

  #add(waiting: Waiting, members: readonly Member[]): (first: number) => void {
    const from = this.members.length;
    const befores = members.map((member) => this.#append(member));
    return (first) => {
      const changes = members.map(({ draft, commitment, body }, index) => {
        const before = befores[index];
        const previous = typeof before === "object" ? first + before.place : before;
        const change = appended(draft, first + from + index, this.#at, previous);
        this.#appended.push({ change, commitment, size: body.length });
        return change;
      });
      waiting.resolve({ changes: changes as [Change, ...Change[]] });
    };
  }

  /** @returns the position of its stream's change before it, or that one's place in the group */
  #append(member: Member): number | { readonly place: number } | undefined {
    const { draft } = member;
    const own = this.#own.get(draft.stream);
    const known = own?.change ?? this.#heads.get(draft.stream)?.change;
    for (const normal of addedAddresses(known, draft)) this.addresses.push({ stream: draft.stream, normal });
    const before = own ?? known?.position;
    const place = this.members.push(member) - 1;
    this.#own.set(draft.stream, { change: this.#changeAt(place, draft, before), place });
    if (draft.kind === "directory") this.#enter(draft, before === undefined);
    return before;
  }

  /** A change of this group, as the steps after it see it: few ask where it stands, and those need the lock. */
  #changeAt(place: number, draft: Draft, before: number | { readonly place: number } | undefined): Change {
    const at = (of: number) => this.#positionOf(of);
    const previous = typeof before === "object" ? () => at(before.place) : () => before;
    return Object.defineProperties(appended(draft, 0, this.#at, undefined), {
      position: { enumerable: true, get: () => at(place) },
      ...(before !== undefined && { previous: { enumerable: true, get: previous } }),
    });
  }

  /** What a step was shown it may keep, as a reason to refuse: once the group has been written, everything is known. */
  #positionOf(place: number): number {
    if (this.#from === undefined) throw new LockNeeded();
    return this.#from + place;
  }

  #enter(draft: Draft, isNew: boolean): void {
    const name = entryNameOf(draft.stream);
    assert(name !== undefined, "a directory change belongs to the stream of an entry");
    const { email } = draft.document as UserEntry;
    const wasGivenOut = this.#givenOut.has(`${name.kind}:${name.id}`);
    this.entries.push({ name, email, isNew, wasGivenOut });
  }
}
