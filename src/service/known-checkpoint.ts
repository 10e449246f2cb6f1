import type { KeyObject } from "node:crypto";
import { openCheckpoint, rawPublicKey, verifierKeyOf } from "../audit/checkpoint.ts";
import { branchOf, trunkOf } from "./log-identity.ts";
import type { LogIdentity, SignedCheckpoint } from "./log-store.ts";

/** A checkpoint of a log, with the key that has signed it. */
export interface KnownCheckpoint extends SignedCheckpoint {
  readonly origin: string;
  readonly root: Buffer;
  readonly verifierKey: string;
}

/**
 * Reads a checkpoint that may have been signed under any identity that the log has had: those that the database knows
 * or, with the key that is at hand, one that the log took on after the database was copied.
 *
 * @param identities of the log, the first first
 * @returns undefined when it is not a checkpoint of this log
 */
export function knownCheckpoint(
  note: string | undefined,
  identities: readonly LogIdentity[],
  key: KeyObject | undefined,
): KnownCheckpoint | undefined {
  if (note === undefined) return undefined;
  const [origin = ""] = note.split("\n", 1);
  const trunk = identities[0] && trunkOf(identities[0].origin);
  const isLater = trunkOf(origin) === trunk && branchOf(origin) !== undefined;
  const keys = identities.filter((identity) => identity.origin === origin).map(({ publicKey }) => publicKey);
  if (keys.length === 0 && isLater && key !== undefined) keys.push(rawPublicKey(key));
  const opened = openCheckpoint(
    note,
    keys.map((publicKey) => verifierKeyOf(origin, publicKey)),
  );
  if (!opened.ok) return undefined;
  const { size, root, key: verifierKey } = opened;
  return { origin, size, root, note, verifierKey };
}
