import { type KeyFiles, KeyUnusable } from "./key-files.ts";
import { keyOf, signedBefore } from "./log-identity.ts";
import { rootOf } from "./log-root.ts";
import type { LogRecords } from "./log-store.ts";
import type { Records } from "./store.ts";

/**
 * Why the log cannot be signed as it stands: a sentence for the operator, found out beside a running server. Undefined
 * when it can be.
 */
export async function whyStopped(
  records: LogRecords & Pick<Records, "opening">,
  keyFiles: KeyFiles,
): Promise<string | undefined> {
  const identity = (await records.identities()).at(-1);
  if (identity === undefined) return undefined;
  try {
    keyOf(identity, keyFiles);
  } catch (error) {
    if (error instanceof KeyUnusable) return error.message;
    throw error;
  }
  const tree = { reach: async () => undefined, root: (size: number) => rootOf(records, size) };
  const { stoppedBecause, waitsBecause } = await signedBefore(records, keyFiles, tree);
  return stoppedBecause ?? waitsBecause;
}
