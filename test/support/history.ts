import fc from "fast-check";
import { type ChangeKind, draft } from "../../src/domain/change.ts";
import { catalogueStream, entryOf, preferencesOf, type Stream } from "../../src/domain/stream.ts";
import { customer, organisation, user } from "../../src/domain/subject.ts";
import { eraseSubject } from "../../src/service/erase-subject.ts";
import { Log } from "../../src/service/log.ts";
import type { LogStore } from "../../src/service/log-store.ts";
import type { Store } from "../../src/service/store.ts";
import { openKeyFiles } from "../../src/storage/key-files.ts";
import { openSqliteStore } from "../../src/storage/sqlite/sqlite-store.ts";

/** One step of a history. */
export interface Act {
  readonly what: (typeof kinds)[number];
  readonly id: number;
  readonly address: string;
}

const kinds = ["catalogue", "customer", "erase-customer", "erase-user", "organisation", "user"] as const;

export const acts: fc.Arbitrary<Act> = fc.record({
  what: fc.constantFrom(...kinds, "customer", "user"),
  id: fc.integer({ min: 1, max: 12 }),
  address: fc.stringMatching(/^[a-z]{1,3}@(example|b)\.com$/),
});

/** A file with its log, signed. */
export async function openHistory(file: string) {
  return historyIn(await openSqliteStore({ file }), `${file}.key`);
}

/**
 * A storage with its log, signed; both are closed together.
 *
 * @param key the path of the log's key
 */
export async function historyIn<Kept extends LogStore & Store>(store: Kept, key: string) {
  const log = await Log.open({
    store,
    keyFiles: openKeyFiles(key),
    onError: (error) => {
      throw error;
    },
  });
  const close = async (): Promise<void> => {
    await log.close();
    await store.close();
  };
  return { store, log, close };
}

interface History {
  readonly store: Store;
  readonly log: Log;
}

/** @param isSigned whether the log is signed over it at once */
export async function act(history: History, { what, id, address }: Act, isSigned = true): Promise<void> {
  const { store, log } = history;
  const who = { actor: "Jo", client: "crm" };
  if (what === "erase-customer") await eraseSubject(store, customer(String(id)), who);
  if (what === "erase-user") await eraseSubject(store, user(id), who);
  if (what === "catalogue") await put(history, "catalogue", catalogueStream, { version: id });
  if (what === "customer") {
    await put(history, "preferences", preferencesOf(customer(String(id))), { selections: [{ normal: address }] });
  }
  if (what === "organisation") await put(history, "directory", entryOf(organisation(id)), { id, name: address });
  if (what === "user") {
    // E-mail addresses are unique: those of other users are refused by the service.
    const email = `${id}.${address}`;
    await put(history, "directory", entryOf(user(id)), id % 3 === 0 ? { id } : { email, id });
    await put(history, "preferences", preferencesOf(user(id)), { frequency: "Daily" });
  }
  if (isSigned) await log.checkpoint();
}

/**
 * A little of everything: 286 changes, one full tile; the log is signed at 280 of them, and over all.
 *
 * @returns both checkpoints
 */
export async function recordSample(history: History): Promise<{ readonly early: string; readonly last: string }> {
  for (let id = 1; id <= 280; id += 1)
    await act(history, { what: "customer", id: id % 50, address: `a${id}@example.com` }, false);
  const early = await history.log.checkpoint();
  await act(history, { what: "user", id: 1, address: "u@example.com" });
  await act(history, { what: "user", id: 2, address: "u@example.com" });
  await act(history, { what: "erase-user", id: 1, address: "" });
  await act(history, { what: "erase-customer", id: 7, address: "" });
  return { early, last: await history.log.checkpoint() };
}

async function put({ store }: History, kind: ChangeKind, stream: Stream, document: unknown): Promise<void> {
  const who = { actor: "Jo", client: "crm", evidence: { 10: "ten", 9: "nine", source: "phone" } };
  await store.append({ reads: [stream], step: () => ({ append: [draft(who, kind, stream, document)] }) });
}
