import type { CatalogueInForce } from "./catalogue.ts";
import type { LogContinuation } from "./condition.ts";
import type { Store } from "./store.ts";

/** What the use cases of organisations and users work with. */
export interface Organisations {
  readonly store: Store;
  readonly catalogue: CatalogueInForce;
  /** Is part of every version that is given out; another one once the log has stopped. */
  readonly continuation: LogContinuation;
  /** `open`: an unknown id comes into being with its first PUT. `registered`: it has to be in the directory first. */
  readonly subjects: "open" | "registered";
}

/** How a user is named: by id, or by an e-mail address in lower case. */
export type UserName = { readonly id: number } | { readonly email: string };
