import {
  covers,
  isConfirmed,
  isPartOf,
  notExtended,
  openSigned,
  otherLineage,
  type SignedBefore,
  type SignedTree,
  unknownCheckpoint,
} from "./log-identity.ts";
import type { LogIdentity, LogRecords } from "./log-store.ts";
import type { LogTree } from "./log-tree.ts";

/** What a log knows that goes on signing. */
export interface Signing {
  /** What it was opened with. */
  readonly identity: Pick<LogIdentity, "origin" | "publicKey">;
  /** What this process has signed last, or seen to be signed. */
  readonly last: SignedTree | undefined;
  readonly tree: Pick<LogTree, "reach" | "root">;
  /** Where its key is, for messages. */
  readonly keyPath: string;
}

/** How far the log has come, and what of it was signed. */
export interface SignedSoFar extends SignedBefore {
  readonly size: number;
  /** What the database records as signed last: the same as `last`, unless that is larger. */
  readonly recorded?: SignedTree;
  /** The database's lineage, where it is another than recorded, and the log was found to be whole here. */
  readonly newLineage?: string;
}

/**
 * How far the log has come, and what was signed last, by whatever node: read anew each time that something is to be
 * signed, since other nodes sign as well, and since a database can be set back while it is served. Nothing more may be
 * signed unless the log begins with all that is known to have been signed.
 */
export async function signedMeanwhile(
  store: LogRecords,
  { identity, last, tree, keyPath }: Signing,
): Promise<SignedSoFar> {
  // First of all, as what is found out below is found out of this lineage, or of a later one.
  const lineage = await store.lineage();
  const confirmed = isConfirmed(lineage);
  // In this order: whatever is recorded as signed covers no more entries than there are afterwards.
  const inForce = (await store.identities()).at(-1);
  const size = await store.size();
  const stop = (stoppedBecause: string) => ({ size, stoppedBecause });
  if (inForce?.origin !== identity.origin || !inForce.publicKey.equals(identity.publicKey)) return stop(continued);
  const note = inForce.checkpoint?.note;
  const recorded = note === last?.note ? last : opened(note, inForce);
  if (note !== undefined && recorded === undefined) return stop(unknownCheckpoint("that the database records"));
  if (confirmed && recorded !== undefined && recorded === last && last.size === size) return { size, last, recorded };
  for (const signed of new Set([last, recorded])) {
    if (signed !== undefined && !(await isPartOf(signed, size, tree))) return stop(notExtended(signed.size, size));
  }
  if (!confirmed && !covers(last, recorded)) return { size, waitsBecause: otherLineage(keyPath) };
  const newLineage = confirmed ? undefined : lineage?.present;
  const newest = (recorded?.size ?? 0) > (last?.size ?? 0) ? recorded : (last ?? recorded);
  return { size, ...(newest && { last: newest }), ...(recorded && { recorded }), ...(newLineage && { newLineage }) };
}

function opened(note: string | undefined, identity: LogIdentity): SignedTree | undefined {
  const signed = note === undefined ? undefined : openSigned(note, [identity]);
  return note === undefined || signed === undefined ? undefined : { size: signed.size, root: signed.root, note };
}

const continued =
  "The log goes on under another name or key than when this process was started, which signs nothing more. Restart it.";
