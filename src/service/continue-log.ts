import type { KeyObject } from "node:crypto";
import { rawPublicKey, verifierKeyOf } from "../audit/checkpoint.ts";
import { draft } from "../domain/change.ts";
import type { Continuation } from "../domain/log-acts.ts";
import { logStream } from "../domain/stream.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { type KeyFiles, KeyUnusable } from "./key-files.ts";
import { knownCheckpoint } from "./known-checkpoint.ts";
import { branchFrom, keyOf } from "./log-identity.ts";
import type { LogIdentity, LogStore } from "./log-store.ts";
import type { Store } from "./store.ts";
import { whyStopped } from "./why-stopped.ts";

/** Under what the log goes on. */
export interface Continued {
  readonly origin: string;
  readonly verifierKey: string;
  /** Of the change that says so. */
  readonly position: number;
}

/** The log was never signed, or is signed as it stands, so that there is nothing to be continued. */
export class NothingToContinue extends Error {
  override readonly name = "NothingToContinue";
}

/**
 * Gives the log a new identity over the same entries, and says so in a change that names the last checkpoint that is
 * known to have been signed before. For a database that was restored to an earlier state, and for another key.
 *
 * First the key, then the change, then the identity, under which nothing is signed here yet: wherever that is cut short,
 * the log has signed nothing that it could not, and calling it once more is all that there is to do. No two
 * continuations have the same origin, also when both began from the same backup. The change says as well what stood
 * beside the key, so that a copy of the database as it is now, which has signed nothing, is known from the database.
 *
 * @param newKey whether to make a new key, or the private key to go on with, which the caller puts into the key's file;
 *   otherwise it is the one that is there, be it the same as before or not
 * @throws NothingToContinue, KeyUnusable, StoreUnavailable
 */
export async function continueLog(
  store: Store & LogStore,
  keyFiles: KeyFiles,
  { newKey = false }: { readonly newKey?: boolean | KeyObject } = {},
): Promise<Continued> {
  const identities = await store.identities();
  const [first, before] = [identities[0], identities.at(-1)];
  if (first === undefined || before === undefined) throw neverSigned();
  const { previousKey, lastCheckpoint } = lastSigned(identities, before, keyFiles);
  const { keptCheckpoint, lastErasure } = standingBeside(keyFiles);
  const key = keyFor(newKey, keyFiles);
  const origin = branchFrom(first.origin);
  const verifierKey = verifierKeyOf(origin, rawPublicKey(key));
  const position = await record(store, {
    ...(keptCheckpoint === undefined ? undefined : { keptCheckpoint }),
    key: verifierKey,
    ...(lastCheckpoint === undefined ? undefined : { lastCheckpoint }),
    ...(lastErasure === undefined ? undefined : { lastErasure }),
    previousKey,
  });
  const identity = { origin, publicKey: rawPublicKey(key), since: position + 1 };
  if (!(await store.addIdentity(identity, identities.length))) throw alreadyContinued();
  return { origin, verifierKey, position };
}

/**
 * Sees to it that a log is continued with its own key only where it cannot go on as it is.
 *
 * @throws KeyUnusable when the key is missing, or not that of the identity in force
 * @throws NothingToContinue when the log is signed as it stands
 */
export async function refuseNeedless(store: Store & LogStore, keyFiles: KeyFiles): Promise<void> {
  const identity = (await store.identities()).at(-1);
  if (identity === undefined) throw neverSigned();
  keyOf(identity, keyFiles);
  if ((await whyStopped(store, keyFiles)) !== undefined) return;
  throw new NothingToContinue(
    "There is nothing to continue: the log is signed as it stands. --new-key goes on with a new key.",
  );
}

function neverSigned(): NothingToContinue {
  return new NothingToContinue("The log was never signed: start the service, which gives it its identity.");
}

/** Of two who continue a log at the same time one does; what the other has recorded is a change without effect. */
function alreadyContinued(): NothingToContinue {
  return new NothingToContinue("Somebody else has continued the log at the same time. Look at it before you do again.");
}

function keyFor(newKey: boolean | KeyObject, keyFiles: KeyFiles): KeyObject {
  if (typeof newKey === "object") return newKey;
  return newKey ? keyFiles.newKey() : existingKey(keyFiles);
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
): { readonly lastCheckpoint: string | undefined; readonly previousKey: string } {
  const kept = knownCheckpoint(keyFiles.keptCheckpoint(), identities, keyFiles.privateKey());
  const isLost = kept !== undefined && !identities.some(({ origin }) => origin === kept.origin);
  const isLarger = kept?.origin === before.origin && kept.size > (before.checkpoint?.size ?? 0);
  if (isLost || isLarger) return { lastCheckpoint: kept.note, previousKey: kept.verifierKey };
  return { lastCheckpoint: before.checkpoint?.note, previousKey: verifierKeyOf(before.origin, before.publicKey) };
}

/** By what a later start, and a later restore, know again what was beside the key. */
function standingBeside(keyFiles: KeyFiles) {
  const kept = keyFiles.keptCheckpoint();
  const line = keyFiles.erasures().at(-1);
  return {
    keptCheckpoint: kept === undefined ? undefined : fingerprintOf(kept),
    lastErasure: line === undefined ? undefined : fingerprintOf(line),
  };
}
