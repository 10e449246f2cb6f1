import { limits } from "../../domain/limits.ts";
import { StoreUnavailable } from "../../service/store.ts";

/** Something that waits for its turn. */
interface Waiting {
  /** When (ms, monotonic) it was handed over. */
  readonly since: number;
  readonly reject: (reason: unknown) => void;
}

/**
 * Tells whoever waited for long behind what hung so while there is time: their own could hang as well.
 *
 * @param others what the database takes too long with
 * @returns those who go on waiting
 */
export function withoutLate<Each extends Waiting>(waiting: readonly Each[], others: string): Each[] {
  const before = performance.now() - limits.databaseQueueMs;
  for (const { since, reject } of waiting)
    if (since < before) reject(new StoreUnavailable(`the database takes too long with other ${others}`));
  return waiting.filter(({ since }) => since >= before);
}
