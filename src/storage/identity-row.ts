import type { LogIdentity } from "../service/log-store.ts";

/** An identity of the log as every storage holds it. */
export interface IdentityRow {
  readonly origin: string;
  readonly public_key: Uint8Array;
  readonly since: number;
  readonly checkpoint_size: number | null;
  readonly checkpoint: string | null;
}

export function identityOf(row: IdentityRow): LogIdentity {
  const { origin, public_key: publicKey, since, checkpoint_size: size, checkpoint: note } = row;
  const checkpoint = size === null || note === null ? {} : { checkpoint: { size, note } };
  return { origin, publicKey: Buffer.from(publicKey), since, ...checkpoint };
}
