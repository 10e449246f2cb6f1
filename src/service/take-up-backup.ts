import { rawPublicKey, verifierKeyOf } from "../audit/checkpoint.ts";
import { type Continued, continueLog } from "./continue-log.ts";
import { eraseAgain } from "./erasure-book.ts";
import { type KeyFiles, KeyUnusable } from "./key-files.ts";
import { type KnownCheckpoint, knownCheckpoint } from "./known-checkpoint.ts";
import { rootOf } from "./log-root.ts";
import type { LogIdentity, LogStore } from "./log-store.ts";
import type { Store } from "./store.ts";

/** What was done to a backup's database, so that it can be served. */
export interface TakenUp {
  /** How many changes the backup holds. */
  readonly size: number;
  /** When the last of them was recorded; absent when there is none. */
  readonly at?: string;
  /** How many subjects were erased again. */
  readonly erased: number;
  /** How many lines of the book of erasures nobody can read any more, as the key that they were written with is lost. */
  readonly unreadable: number;
  /** How the log goes on, where it does so under a new identity. */
  readonly continued?: Continued;
  /** The checkpoint that shows the most that the backup does not hold. */
  readonly lost?: KnownCheckpoint;
}

/** What is known beside a backup when it is taken up. */
export interface Surroundings {
  readonly keyFiles: KeyFiles;
  /** Whether to go on with a new key. */
  readonly newKey: boolean;
  /** The identities of the database that is to be replaced, where that can still be read. */
  readonly replaced: readonly LogIdentity[];
}

/**
 * Makes a backup's database, whose log was verified, fit to be served: erases again what was erased since, and gives the
 * log a new identity unless everything that is known to have been signed is in the backup too. Then no two logs of one
 * name ever differ.
 *
 * @param store the copy of the backup, which nothing serves yet
 * @throws KeyUnusable when the key is not the log's; the message names the one that is
 */
export async function takeUpBackup(store: Store & LogStore, surroundings: Surroundings): Promise<TakenUp> {
  const { keyFiles, newKey } = surroundings;
  const identities = await store.identities();
  const current = identities.at(-1);
  const known = knownAbout(identities, surroundings);
  if (current !== undefined && !newKey) checkKey(current, known, keyFiles);
  const size = await store.size();
  const [lastEntry] = await store.entries(size - 1, size);
  const goesOn = current === undefined || (!newKey && (await extendsAll(store, current, known, surroundings)));
  const [erased, unreadable] = await eraseWhatCan(store, keyFiles);
  const continued = goesOn ? {} : { continued: await continueLog(store, keyFiles, { newKey }) };
  const [largest] = known
    .filter((checkpoint) => checkpoint.size > size)
    .toSorted((one, other) => other.size - one.size);
  const at = lastEntry === undefined ? {} : { at: lastEntry.at };
  return { size, ...at, erased, unreadable, ...continued, ...(largest === undefined ? {} : { lost: largest }) };
}

/** The checkpoints of this log that are known outside the backup. */
function knownAbout(identities: readonly LogIdentity[], { keyFiles, replaced }: Surroundings): KnownCheckpoint[] {
  const key = keyFiles.privateKey();
  const isSame = replaced[0]?.origin === identities[0]?.origin;
  const all = isSame ? [...identities, ...replaced] : identities;
  const notes = [keyFiles.keptCheckpoint(), ...(isSame ? replaced.map(({ checkpoint }) => checkpoint?.note) : [])];
  return notes.flatMap((note) => knownCheckpoint(note, all, key) ?? []);
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
 * Whether the log may go on under the name that it has: all that was signed under it is in the backup too. The database
 * that is replaced knows that; what is kept beside the key may be a copy, and as old as the backup.
 */
async function extendsAll(
  store: LogStore,
  current: LogIdentity,
  known: readonly KnownCheckpoint[],
  { keyFiles, replaced }: Surroundings,
): Promise<boolean> {
  const key = keyFiles.privateKey();
  if (!key || !rawPublicKey(key).equals(current.publicKey) || replaced.at(-1)?.origin !== current.origin) return false;
  const origins = (await store.identities()).map(({ origin }) => origin);
  if (known.some(({ origin }) => !origins.includes(origin))) return false;
  const own = known.filter(({ origin }) => origin === current.origin);
  const size = await store.size();
  if (own.some((checkpoint) => checkpoint.size > size)) return false;
  const roots = await Promise.all(own.map((checkpoint) => rootOf(store, checkpoint.size)));
  return own.every(({ root }, index) => roots[index]?.equals(root));
}

/** Without a key there is nobody who could tell whom the book is about. */
async function eraseWhatCan(
  store: Store & LogStore,
  keyFiles: KeyFiles,
): Promise<[erased: number, unreadable: number]> {
  if (keyFiles.privateKey() === undefined) return [0, keyFiles.erasures().length];
  const act = { actor: "saywhen restore", client: "saywhen" };
  return [await eraseAgain(store, keyFiles, act), 0];
}
