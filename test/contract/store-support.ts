import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it, type TestContext } from "node:test";
import { type Change, type Draft, draft } from "../../src/domain/change.ts";
import type { OrganisationEntry, UserEntry } from "../../src/domain/directory.ts";
import { entryOf, erasureStream, type Stream, suppressionsOf } from "../../src/domain/stream.ts";
import { organisation, user } from "../../src/domain/subject.ts";
import type { ChangeCode } from "../../src/service/change-code.ts";
import type { ClientStore } from "../../src/service/client-store.ts";
import type { CodeStore, KeptCode } from "../../src/service/code-store.ts";
import type { LogStore } from "../../src/service/log-store.ts";
import type { Appended, Refused, Store } from "../../src/service/store.ts";

export type AnyStore = Store & ClientStore & LogStore & CodeStore;

/** Somewhere to store things: what is opened there has what was stored there before. */
export interface Place {
  open(clock?: () => number): Promise<AnyStore>;
}

/** Sentences of the contract that a storage cannot keep, each with the reason. */
export type Exemptions = Readonly<Record<string, string>>;

/** Opens a store that is closed after the test, whatever comes of it. */
export async function opened(test: TestContext, place: Place, clock?: () => number): Promise<AnyStore> {
  const store = await place.open(clock);
  test.after(() => store.close());
  return store;
}

/** A test whose title is a sentence of a port's doc comments, and would fail if it were none. */
export function sentences(port: "client-store.ts" | "code-store.ts" | "log-store.ts" | "store.ts", exempt: Exemptions) {
  const source = readFileSync(new URL(`../../src/service/${port}`, import.meta.url), "utf8");
  const text = source.replaceAll(/\s*\n\s*(\/?\*+\/?\s*)*/g, " ");
  const known = (sentence: string) => text.includes(sentence);
  const says = (sentence: string, check: (test: TestContext) => Promise<void>): void => {
    it(sentence, { skip: exempt[sentence] ?? false }, async (test) => {
      assert(known(sentence), `src/service/${port} does not say this`);
      await check(test);
    });
  };
  return Object.assign(says, { known });
}

/** The document that these tests store: which slots were filled, and the addresses that it holds. */
export interface Slots {
  readonly selections?: readonly { readonly normal: string }[];
  readonly slots: readonly string[];
}

export function streamOf(subject: string): Stream<Slots> {
  return subject as Stream<Slots>;
}

export function stored(subject: string, slots: readonly string[], addresses: readonly string[] = []): Draft<Slots> {
  const selections = addresses.length === 0 ? {} : { selections: addresses.map((normal) => ({ normal })) };
  const document = { ...selections, slots };
  return { actor: "Jo", client: "crm", stream: streamOf(subject), kind: "preferences", document };
}

/** Records an address's suppressions, of which there ever were so many and none is left. */
export function suppress(store: Store, kind: "lift" | "suppression", mark: string, ever: number) {
  const document = { ever, suppressions: [] };
  const act = { actor: "Jo", client: "crm" };
  return store.append({ reads: [], step: () => ({ append: [draft(act, kind, suppressionsOf(mark), document)] }) });
}

/** Adds one slot to those that a subject has. */
export function put(store: Store, subject: string, slot: string, addresses?: readonly string[]) {
  const stream = streamOf(subject);
  return store.append({
    reads: [stream],
    step: (newest) => ({
      append: [stored(subject, [...(newest.change(stream)?.document.slots ?? []), slot], addresses)],
    }),
  });
}

export function addUser(store: Store, entry: UserEntry) {
  return addEntry(store, entryOf(user(entry.id)), entry);
}

export function addOrganisation(store: Store, entry: OrganisationEntry) {
  return addEntry(store, entryOf(organisation(entry.id)), entry);
}

function addEntry(store: Store, stream: Stream, { id, ...rest }: UserEntry | OrganisationEntry) {
  const { email, ...others } = rest as Partial<UserEntry>;
  const document = { ...(email === undefined ? {} : { email }), id, ...others };
  return store.append({
    reads: [],
    step: () => ({ append: [{ actor: "Jo", client: "crm", stream, kind: "directory", document }] }),
  });
}

/** Erases streams, and answers with the position of the change that says so. */
export async function erase(store: Store, ...streams: Stream[]): Promise<number> {
  const act = { actor: "admin", client: "admin" };
  const answer = await store.append({
    reads: streams,
    positions: streams,
    step: (newest) => {
      const positions = streams.flatMap((stream) => newest.positions(stream));
      return { append: [draft(act, "erasure", erasureStream, { positions })], erase: streams };
    },
  });
  return change(answer).position;
}

/** The one change that a write came to. */
export function change(answer: Appended | Refused<unknown>): Change {
  assert("changes" in answer);
  return answer.changes[0];
}

/** Codes, each with what the entry of its change commits to. */
export async function committed(store: Store, codes: readonly ChangeCode[]): Promise<KeptCode[]> {
  const entries = await store.changesFrom(0, 10_000);
  return codes.map((code) => {
    const entry = entries[code.position];
    assert(entry !== undefined, "there is a change in the position of each code");
    return { ...code, commitment: entry.commitment };
  });
}

/** Keeps codes of changes that the log has. */
export async function saveCodes(store: AnyStore, codes: readonly ChangeCode[]): Promise<void> {
  await store.saveCodes(await committed(store, codes));
}
