import type { KeyFiles } from "./key-files.ts";
import { Log, type LogOptions } from "./log.ts";

/**
 * Signs a log that was given an identity, and keeps that beside the key.
 *
 * @throws KeyUnusable, LogStopped, StoreUnavailable
 */
export async function signNow(store: LogOptions["store"], keyFiles: KeyFiles): Promise<void> {
  const log = await Log.open({ store, keyFiles, onError: () => undefined });
  try {
    await log.checkpoint();
  } finally {
    await log.close();
  }
}
