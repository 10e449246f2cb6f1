import { type KeyObject, randomBytes } from "node:crypto";
import { rawPublicKey, verifierKeyOf } from "../audit/checkpoint.ts";
import { draft } from "../domain/change.ts";
import type { Continuation } from "../domain/log-acts.ts";
import { logStream } from "../domain/stream.ts";
import { type KeyFiles, KeyUnusable } from "./key-files.ts";
import { knownCheckpoint } from "./known-checkpoint.ts";
import type { LogIdentity, LogStore } from "./log-store.ts";
import type { Store } from "./store.ts";

/** Under what the log goes on. */
export interface Continued {
  readonly origin: string;
  readonly verifierKey: string;
  /** Of the change that says so. */
  readonly position: number;
}

/** The log was never signed, so that there is nothing to be continued. */
export class NothingToContinue extends Error {
  override readonly name = "NothingToContinue";
}

/**
 * Gives the log a new identity over the same entries, and says so in a change that names the last checkpoint that is
 * known to have been signed before. For a database that was restored to an earlier state, and for another key.
 *
 * First the key, then the change, then the identity, under which nothing is signed here yet: wherever that is cut short,
 * the log has signed nothing that it could not, and calling it once more is all that there is to do. No two
 * continuations have the same origin, also when both began from the same backup.
 *
 * @param newKey whether to make a new key; otherwise it is the one in the key's file, be it the same as before or not
 * @throws NothingToContinue, KeyUnusable, StoreUnavailable
 */
export async function continueLog(
  store: Store & LogStore,
  keyFiles: KeyFiles,
  { newKey = false }: { readonly newKey?: boolean } = {},
): Promise<Continued> {
  const identities = await store.identities();
  const [first, before] = [identities[0], identities.at(-1)];
  if (first === undefined || before === undefined) {
    throw new NothingToContinue("The log was never signed: start the service, which gives it its identity.");
  }
  const last = lastSigned(identities, before, keyFiles);
  const key = newKey ? keyFiles.newKey() : existingKey(keyFiles);
  const origin = `${first.origin}/${randomBytes(4).toString("hex")}`;
  const verifierKey = verifierKeyOf(origin, rawPublicKey(key));
  const position = await record(store, { key: verifierKey, ...last });
  await store.addIdentity({ origin, publicKey: rawPublicKey(key), since: position + 1 });
  return { origin, verifierKey, position };
}

function existingKey(keyFiles: KeyFiles): KeyObject {
  const key = keyFiles.privateKey();
  if (key !== undefined) return key;
  throw new KeyUnusable(`There is no key ${keyFiles.path}. Put the log's key there, or make a new one with --new-key.`);
}

async function record(store: Store, document: Continuation): Promise<number> {
  const act = { actor: "saywhen log continue", client: "saywhen" };
  const answer = await store.append<never>({
    reads: [logStream],
    step: () => ({ append: [draft(act, "continuation", logStream, document)] }),
  });
  if ("refused" in answer) throw new TypeError("the step refuses nothing");
  return answer.changes[0].position;
}

/**
 * The last checkpoint that is known to have been signed before, and the key that has signed it. An identity that the
 * database knows nothing of came after those that it knows.
 */
function lastSigned(
  identities: readonly LogIdentity[],
  before: LogIdentity,
  keyFiles: KeyFiles,
): Omit<Continuation, "key"> {
  const kept = knownCheckpoint(keyFiles.keptCheckpoint(), identities, keyFiles.privateKey());
  const isLost = kept !== undefined && !identities.some(({ origin }) => origin === kept.origin);
  const isLarger = kept?.origin === before.origin && kept.size > (before.checkpoint?.size ?? 0);
  if (isLost || isLarger) return { lastCheckpoint: kept.note, previousKey: kept.verifierKey };
  const lastCheckpoint = before.checkpoint?.note;
  const previousKey = verifierKeyOf(before.origin, before.publicKey);
  return { ...(lastCheckpoint === undefined ? undefined : { lastCheckpoint }), previousKey };
}
