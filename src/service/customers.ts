import type { CatalogueInForce } from "./catalogue.ts";
import type { Store } from "./store.ts";

/** What the customers' use cases work with. */
export interface Customers {
  readonly store: Store;
  readonly catalogue: CatalogueInForce;
  /** Whether a PUT leaves what it does not mention (`merge`) or drops it (`replace`). */
  readonly put: "merge" | "replace";
}
