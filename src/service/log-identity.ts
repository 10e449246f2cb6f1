import { createHash, type KeyObject, randomBytes } from "node:crypto";
import { openCheckpoint, rawPublicKey, verifierKeyOf } from "../audit/checkpoint.ts";
import { parseCheckpoint, ReceiptInvalid } from "../audit/verify-receipt.ts";
import type { Continuation } from "../domain/log-acts.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { type KeyFiles, KeyUnusable } from "./key-files.ts";
import type { Lineage, LogIdentity, LogRecords, LogStore } from "./log-store.ts";
import type { LogTree } from "./log-tree.ts";
import { RecordDamaged, type Records } from "./store.ts";

/** The key's files show a log that the database does not hold. The message names the ways out. */
export class LogLost extends Error {
  override readonly name = "LogLost";
}

/** An identity, with the key to sign under it. */
export interface SigningIdentity {
  readonly identity: LogIdentity;
  readonly privateKey: KeyObject;
}

/**
 * The identity in force, with its key. A database that records none takes one on: with the key that is there, else
 * with a new one. A key that was there may have signed a log before, which nobody may take for this one: then the origin
 * has a random part, as after a continuation.
 *
 * @param base where the log is reached from outside, without scheme; the origin is made from it. Undefined: from the key
 * @throws KeyUnusable when the key is missing, or is another one than the database records
 * @throws LogLost when the key is that of a log which the database does not hold
 */
export async function identityInForce(
  store: LogStore,
  keyFiles: KeyFiles,
  tree: LogTree,
  base: string | undefined,
): Promise<SigningIdentity> {
  const identity = (await store.identities()).at(-1);
  if (identity !== undefined) return { identity, privateKey: keyOf(identity, keyFiles) };
  const taken = await takeOn(store, keyFiles, tree, base);
  // Where another node was faster, the log has that node's identity, and this node must have its key.
  return taken ?? identityInForce(store, keyFiles, tree, base);
}

/** Gives the log its first identity; undefined when it has one by now. */
async function takeOn(
  store: LogStore,
  keyFiles: KeyFiles,
  tree: LogTree,
  base: string | undefined,
): Promise<SigningIdentity | undefined> {
  await refuseLost(store, keyFiles, tree);
  const before = keyFiles.privateKey();
  const privateKey = before ?? keyFiles.firstKey();
  const publicKey = rawPublicKey(privateKey);
  const plain = originOf(base, publicKey);
  const origin = before === undefined ? plain : branchFrom(plain);
  const identity = { origin, publicKey, since: await store.size() };
  return (await store.addIdentity(identity, 0)) ? { identity, privateKey } : undefined;
}

/**
 * The log's name: the address below which it is found, without scheme (c2sp.org/tlog-tiles); one that nobody else has
 * where the service has been told no address.
 *
 * @param base such as `say.example.org/when`
 */
function originOf(base: string | undefined, publicKey: Buffer): string {
  const unique = () => `saywhen.invalid/${createHash("sha256").update(publicKey).digest("hex").slice(0, 16)}`;
  // A key's name may have no plus sign in it (c2sp.org/signed-note).
  return `${base?.replaceAll("+", "%2B") ?? unique()}${logPath}`;
}

/** Where the logs of one address are, below it: the first one there, the others each with a part more. */
const logPath = "/v1/log";

/** What an origin is made from: that of the first log at its address. */
export function trunkOf(origin: string): string {
  const at = origin.lastIndexOf(logPath);
  return at === -1 ? origin : origin.slice(0, at + logPath.length);
}

/** What an origin has behind that of the first log at its address; undefined when it is that one. */
export function branchOf(origin: string): string | undefined {
  return origin.slice(trunkOf(origin).length + 1) || undefined;
}

/** Another origin at the same address, which no log has had. */
export function branchFrom(origin: string): string {
  return `${trunkOf(origin)}/${randomBytes(4).toString("hex")}`;
}

/**
 * The key of an identity.
 *
 * @throws KeyUnusable when it is missing, or another one is in its place
 */
export function keyOf({ origin, publicKey }: LogIdentity, keyFiles: KeyFiles): KeyObject {
  const { path } = keyFiles;
  const privateKey = keyFiles.privateKey();
  const otherwise = "if it is lost, `saywhen log continue --new-key` goes on with a new one.";
  if (privateKey === undefined) {
    throw new KeyUnusable(
      `The key of the log ${origin} is missing: put ${path} back, or set SAYWHEN_KEY; ${otherwise}`,
    );
  }
  if (rawPublicKey(privateKey).equals(publicKey)) return privateKey;
  throw new KeyUnusable(
    `${path} is not the key of the log ${origin} that the database records: set SAYWHEN_KEY to the right one; ${otherwise}`,
  );
}

/** A key signs one log only: what it has signed must be a part of what the database holds. */
async function refuseLost(store: LogStore, keyFiles: KeyFiles, tree: LogTree): Promise<void> {
  const kept = keyFiles.keptCheckpoint();
  if (kept === undefined) return;
  const size = await store.size();
  const signed = unverified(kept);
  if (signed !== undefined && (await isPartOf(signed, size, tree))) return;
  const { path } = keyFiles;
  const what = signed === undefined ? "is damaged" : `is of a log of size ${signed.size}`;
  throw new LogLost(
    `${path}.checkpoint ${what}, and the database, whose log has size ${size}, does not hold what was signed. ` +
      `Restore the database that does; or, to begin a new log, move ${path} and the files named after it away.`,
  );
}

/** What a checkpoint says, whoever signed it. */
function unverified(note: string) {
  try {
    return parseCheckpoint(note.slice(0, note.lastIndexOf("\n\n") + 1));
  } catch (error) {
    if (error instanceof ReceiptInvalid) return undefined;
    throw error;
  }
}

/** What was signed before, as far as the log still holds it. */
export interface SignedBefore {
  /** The last of it; undefined when nothing was signed yet. */
  readonly last?: SignedTree;
  /** Why nothing more may be signed: a sentence for the operator. */
  readonly stoppedBecause?: string;
  /** Why nothing may be signed until another process has found the log to be whole: a sentence for the operator. */
  readonly waitsBecause?: string;
}

/** A tree that was signed: its size and root, and the checkpoint as a signed note. */
export interface SignedTree {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
}

/**
 * Compares the last signed checkpoints, the database's own and the one kept beside the key, with the log. What is kept
 * may be of an identity that the database knows nothing of, once the log was continued because of that; then it is
 * still the very note that the continuation has seen. In another lineage what the database says of itself counts for
 * nothing: then `last` is only what is kept here.
 */
export async function signedBefore(
  store: Pick<LogRecords, "identities" | "lineage" | "size"> & Pick<Records, "opening">,
  keyFiles: KeyFiles,
  tree: Pick<LogTree, "reach" | "root">,
): Promise<SignedBefore> {
  const lineage = await store.lineage();
  const identities = await store.identities();
  const inForce = identities.at(-1);
  const kept = keyFiles.keptCheckpoint();
  const seen = await seenBy(store, inForce);
  const notes = [
    { note: inForce?.checkpoint?.note, where: "that the database records" },
    {
      note: kept !== undefined && fingerprintOf(kept) === seen ? undefined : kept,
      where: `in ${keyFiles.path}.checkpoint`,
    },
  ];
  let last: SignedTree | undefined;
  let own: SignedTree | undefined;
  for (const { note, where } of notes) {
    if (note === undefined) continue;
    const signed = openSigned(note, identities);
    if (signed === undefined) return { stoppedBecause: unknownCheckpoint(where) };
    // Whatever an identity before has signed, the entry that took on this one says what became of it.
    if (signed.identity !== inForce) continue;
    const size = await store.size();
    if (!(await isPartOf(signed, size, tree))) return { stoppedBecause: notExtended(signed.size, size) };
    const found = { size: signed.size, root: signed.root, note };
    if (note === kept) own = found;
    if (last === undefined || last.size < found.size) last = found;
  }
  if (isConfirmed(lineage) || covers(own, last)) return last === undefined ? {} : { last };
  return { waitsBecause: otherLineage(keyFiles.path), ...(own && { last: own }) };
}

/** Whether the database is what it was when a process last found the log to be whole. */
export function isConfirmed(lineage: Lineage | undefined): boolean {
  return lineage === undefined || lineage.present === lineage.recorded;
}

/**
 * Whether a process that has signed `own` itself, or seen it signed, can say that the log is whole, which holds that: not
 * where even the database knows of more.
 */
export function covers(own: SignedTree | undefined, recorded: SignedTree | undefined): boolean {
  return own !== undefined && own.size >= (recorded?.size ?? 0);
}

/** What a checkpoint says, and which identity signed it; undefined when none of them did. */
export function openSigned(note: string, identities: readonly LogIdentity[]) {
  const keys = new Map(identities.map((each) => [verifierKeyOf(each.origin, each.publicKey), each]));
  const opened = openCheckpoint(note, keys.keys());
  if (!opened.ok) return undefined;
  return { identity: keys.get(opened.key), size: opened.size, root: opened.root };
}

/** The fingerprint of what was kept beside the key when the log took an identity on; undefined when nobody can say. */
async function seenBy(store: Pick<Records, "opening">, identity: LogIdentity | undefined): Promise<string | undefined> {
  if (identity === undefined || identity.since === 0) return undefined;
  try {
    const opening = await store.opening(identity.since - 1);
    if (opening === undefined || opening === "erased" || opening.change.kind !== "continuation") return undefined;
    return (opening.change.document as Continuation).keptCheckpoint;
  } catch (error) {
    if (error instanceof RecordDamaged) return undefined;
    throw error;
  }
}

/** Whether the log, which has `size` entries, begins with the tree that was signed. */
export async function isPartOf(
  signed: { size: number; root: Buffer },
  size: number,
  tree: Pick<LogTree, "reach" | "root">,
): Promise<boolean> {
  if (signed.size > size) return false;
  try {
    await tree.reach(signed.size);
    return (await tree.root(signed.size)).equals(signed.root);
  } catch (error) {
    if (error instanceof RecordDamaged) return false;
    throw error;
  }
}

const goOn =
  "whoever was erased since may be back, and `saywhen log continue` erases them again and starts a new origin over what is there";

/**
 * Why nothing is signed by a process that does not know what was signed last.
 *
 * @param path of its key
 */
export function otherLineage(path: string): string {
  return (
    "The database was restored, moved to another server or taken over by a standby, and nobody has yet found that it holds all that was " +
    `signed for; here it cannot be found out, without the newest checkpoint in ${path}.checkpoint. Start a node that has it, or copy ` +
    `the newest .checkpoint of all nodes there and restart; if none has it any more, ${goOn}.`
  );
}

/** Why nothing is signed after a checkpoint that cannot be understood. */
export function unknownCheckpoint(where: string): string {
  return (
    `The checkpoint ${where} is damaged, or of a log that this database does not know, perhaps because it was restored ` +
    `to a state before that. Put the right file or database back; otherwise, ${goOn}.`
  );
}

/** Why nothing is signed where the log does not begin with what was signed. */
export function notExtended(signed: number, size: number): string {
  return signed > size
    ? `The log has ${size} entries and ${signed} were signed for: the database was set back. ` +
        `Put the one back that has them all; if it is lost, ${goOn}.`
    : `The log has ${size} entries, and the first ${signed} are not those that were signed for. \`saywhen verify\` says more: ` +
        `\`saywhen log rebuild\` mends what is derived; put a sound database back if it is more than that; if there is none, ${goOn}.`;
}
