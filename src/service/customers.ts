import type { CatalogueInForce } from "./catalogue.ts";
import type { LogContinuation } from "./condition.ts";
import type { Store } from "./store.ts";

/** What the customers' use cases work with. */
export interface Customers {
  readonly store: Store;
  readonly catalogue: CatalogueInForce;
  /** Is part of every version that is given out; another one once the log has stopped. */
  readonly continuation: LogContinuation;
  /** Whether a PUT leaves what it does not mention (`merge`) or drops it (`replace`). */
  readonly put: "merge" | "replace";
}
