import type { CatalogueWords } from "../domain/catalogue.ts";
import type { CustomerPreferences } from "../domain/customer-preferences.ts";
import { catalogueStream, preferencesOf } from "../domain/stream.ts";
import { customer } from "../domain/subject.ts";
import { type Version, versionOf } from "./condition.ts";
import type { Customers } from "./customers.ts";

/** What a customer has chosen, as of one moment. */
export interface CustomerReading {
  /** Undefined when nothing was ever chosen. */
  readonly document: CustomerPreferences | undefined;
  readonly version: Version;
  /** The catalogue of that moment, by which it is printed. */
  readonly words: CatalogueWords;
}

/** What a customer has chosen, as of now. */
export async function readCustomerPreferences(
  { store, catalogue, continuation }: Customers,
  customerId: string,
): Promise<CustomerReading> {
  const [newest, recorded] = await store.newest([preferencesOf(customer(customerId)), catalogueStream]);
  const words = catalogue.at(recorded);
  return { document: newest?.document, version: versionOf(newest?.position, words.version, continuation), words };
}
