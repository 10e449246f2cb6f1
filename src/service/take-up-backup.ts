import type { KeyObject } from "node:crypto";
import { rawPublicKey, verifierKeyOf } from "../audit/checkpoint.ts";
import { type Continued, continueLog } from "./continue-log.ts";
import { type ErasedAgain, eraseAgain } from "./erasure-book.ts";
import { type KeyFiles, KeyUnusable } from "./key-files.ts";
import { type KnownCheckpoint, knownCheckpoint } from "./known-checkpoint.ts";
import { rootOf } from "./log-root.ts";
import type { LogIdentity, LogRecords, LogStore } from "./log-store.ts";
import type { Store } from "./store.ts";

/** What was done to a backup's database, so that it can be served. */
export interface TakenUp extends ErasedAgain {
  /** How many changes the backup holds. */
  readonly size: number;
  /** When the last of them was recorded; absent when there is none. */
  readonly at?: string;
  /** How the log goes on, where it does so under a new identity. */
  readonly continued?: Continued;
  /** What is known to have been recorded, and is not in the backup. */
  readonly lost?: Lost;
}

/** Positions of the log that the backup does not have, or has given to other changes. */
export interface Lost {
  readonly from: number;
  /** The position after the last. */
  readonly to: number;
  /** The checkpoint that shows the most of them; absent when they were not signed for. */
  readonly checkpoint?: KnownCheckpoint;
}

/** The log of the database that a backup is to replace. */
export interface ReplacedLog {
  readonly identities: readonly LogIdentity[];
  readonly size: number;
  /** Over all its entries. */
  readonly root: Buffer;
}

/** What is known beside a backup when it is taken up. */
export interface Surroundings {
  readonly keyFiles: KeyFiles;
  /** The private key to go on with; undefined: the one in the key's file. */
  readonly newKey: KeyObject | undefined;
  /** Undefined where the database that is to be replaced cannot be read. */
  readonly replaced: ReplacedLog | undefined;
}

/**
 * Makes a backup's database, whose log was verified, fit to be served: erases again what was erased since, and gives the
 * log a new identity unless everything that is known to have been recorded or signed is in the backup too. Then no two
 * logs of one name ever differ, and no position of that name stands for two changes.
 *
 * @param store the copy of the backup, which nothing serves yet
 * @throws KeyUnusable when the key is not the log's; the message names the one that is
 */
export async function takeUpBackup(store: Store & LogStore, surroundings: Surroundings): Promise<TakenUp> {
  const { keyFiles, newKey } = surroundings;
  const identities = await store.identities();
  const current = identities.at(-1);
  const replaced = sameLog(identities, surroundings.replaced);
  const known = knownAbout(identities, keyFiles, replaced);
  if (current !== undefined && newKey === undefined) checkKey(current, known, keyFiles);
  const size = await store.size();
  const [lastEntry] = await store.entries(size - 1, size);
  const keepsName = newKey === undefined && (await extendsAll(store, known, keyFiles, replaced));
  const lost = lostFrom(size, identities, known, replaced);
  const again = await eraseAgain(store, keyFiles, { actor: "saywhen restore", client: "saywhen" });
  const goesOn = current === undefined || keepsName;
  const continued = goesOn ? {} : { continued: await continueLog(store, keyFiles, { newKey: newKey ?? false }) };
  const at = lastEntry === undefined ? {} : { at: lastEntry.at };
  return { size, ...at, ...again, ...continued, ...(lost === undefined ? {} : { lost }) };
}

/** What a database's log has come to, for a backup that may have to take its place. */
export async function replacedLog(records: LogRecords): Promise<ReplacedLog> {
  const size = await records.size();
  return { identities: await records.identities(), size, root: await rootOf(records, size) };
}

/** The database that is replaced, if its log began as the backup's did. */
function sameLog(identities: readonly LogIdentity[], replaced: ReplacedLog | undefined): ReplacedLog | undefined {
  return replaced?.identities[0]?.origin === identities[0]?.origin ? replaced : undefined;
}

/** The checkpoints of this log that are known outside the backup. */
function knownAbout(
  identities: readonly LogIdentity[],
  keyFiles: KeyFiles,
  replaced: ReplacedLog | undefined,
): KnownCheckpoint[] {
  const others = replaced?.identities ?? [];
  const notes = [keyFiles.keptCheckpoint(), ...others.map(({ checkpoint }) => checkpoint?.note)];
  const key = keyFiles.privateKey();
  return notes.flatMap((note) => knownCheckpoint(note, [...identities, ...others], key) ?? []);
}

/** The key must be the log's: the backup's own, or one that the log is known to have had after it. */
function checkKey({ origin, publicKey }: LogIdentity, known: readonly KnownCheckpoint[], keyFiles: KeyFiles): void {
  const key = keyFiles.privateKey();
  const ours = key && rawPublicKey(key);
  if (ours?.equals(publicKey)) return;
  if (ours !== undefined && known.some((each) => each.verifierKey === verifierKeyOf(each.origin, ours))) return;
  const what = ours === undefined ? "There is no key" : "Another key than the backup's is in";
  throw new KeyUnusable(
    `${what} ${keyFiles.path}. The backup needs the key whose other half is ${verifierKeyOf(origin, publicKey)}: ` +
      "put it there, or say --new-key when it is lost.",
  );
}

/**
 * Whether the log may go on under the name that it has: all that was recorded and signed under it is in the backup too.
 * The database that is replaced knows that; what is kept beside the key may be a copy, and as old as the backup.
 */
async function extendsAll(
  store: LogStore,
  known: readonly KnownCheckpoint[],
  keyFiles: KeyFiles,
  replaced: ReplacedLog | undefined,
): Promise<boolean> {
  const identities = await store.identities();
  const current = identities.at(-1);
  const key = keyFiles.privateKey();
  if (!current || !key || !rawPublicKey(key).equals(current.publicKey)) return false;
  if (replaced === undefined || replaced.identities.at(-1)?.origin !== current.origin) return false;
  if (known.some(({ origin }) => identities.every((identity) => identity.origin !== origin))) return false;
  const trees = [replaced, ...known.filter(({ origin }) => origin === current.origin)];
  const size = await store.size();
  if (trees.some((tree) => tree.size > size)) return false;
  const roots = await Promise.all(trees.map((tree) => rootOf(store, tree.size)));
  return trees.every(({ root }, index) => roots[index]?.equals(root));
}

/** What came after the backup, or after the place where the log that is replaced took another way. */
function lostFrom(
  size: number,
  identities: readonly LogIdentity[],
  known: readonly KnownCheckpoint[],
  replaced: ReplacedLog | undefined,
): Lost | undefined {
  const isOurs = ({ origin }: LogIdentity) => identities.some((identity) => identity.origin === origin);
  // Before its first entry an identity was taken on, by the entry before it.
  const parting = replaced?.identities.find((identity) => !isOurs(identity))?.since ?? Number.POSITIVE_INFINITY;
  const from = Math.min(size, parting - 1);
  const checkpoint = known.filter((each) => each.size > from).toSorted((one, other) => other.size - one.size)[0];
  const to = Math.max(replaced?.size ?? 0, checkpoint?.size ?? 0);
  if (to <= from) return undefined;
  return { from, to, ...(checkpoint === undefined ? {} : { checkpoint }) };
}
