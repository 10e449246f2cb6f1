import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { parseCatalogueFile } from "../../src/config/catalogue-file.ts";
import { draft } from "../../src/domain/change.ts";
import type { Selection } from "../../src/domain/customer-preferences.ts";
import { preferencesOf } from "../../src/domain/stream.ts";
import { customer } from "../../src/domain/subject.ts";
import { KeptIndex } from "../../src/index/kept-index.ts";
import { loadCatalogue } from "../../src/service/catalogue.ts";
import { ensureMarkKey } from "../../src/service/mark.ts";
import { openStore } from "../../src/storage/open-store.ts";

/** Who makes changes in these logs. */
export const act = { actor: "Jo", client: "crm" };

/** The question that everybody in these logs has said yes to. */
export const offers = { category: "Offers", channel: "Email" };

const types = ["BEMAIL", "SEMAIL"];

/** The catalogue in these logs, as one would send it. */
export function offersCatalogue(version: number, category: object = {}): object {
  return {
    version,
    channels: ["Email"],
    types: types.map((name) => ({ name, channels: ["Email"], kind: "email" })),
    categories: [{ name: "Offers", ...category }],
    frequencies: ["Never"],
  };
}

/** The ids of so many customers, in the order in which they come. */
export function idsOf(size: number): readonly string[] {
  return Array.from({ length: size }, (_, place) => String(place).padStart(20, "0"));
}

/** An address of a customer, as long as addresses may be. */
export function emailOf(id: string, type: string): string {
  const domain = ["d", "e", "f"].map((letter) => letter.repeat(56)).join(".");
  return `${type.toLowerCase()}.${id}.${"a".repeat(36)}@${domain}.example`;
}

/** One process that works on a log, without a server; its index is built. */
export type Process = Awaited<ReturnType<typeof openProcess>>;

/** Opens the log in a database. */
export async function openProcess(database: string) {
  const ending = new AsyncDisposableStack();
  const store = await openStore(database, {});
  ending.defer(() => store.close());
  const catalogue = await loadCatalogue(store, () => {
    const reading = parseCatalogueFile(JSON.stringify(offersCatalogue(1)), "catalogue.yaml");
    assert("catalogue" in reading);
    return reading.catalogue;
  });
  await ensureMarkKey(store);
  const index = new KeptIndex({ store, codes: store, catalogue });
  ending.defer(() => index.close());
  while (!index.isReady) await delay(20);
  return {
    store,
    catalogue,
    finding: { records: store, past: store, catalogue, index, now: Date.now },
    /** Records that a customer says yes or no to offers at all of its addresses. */
    async choose(id: string, choice: "opted-in" | "opted-out") {
      const chosen = draft(act, "preferences", preferencesOf(customer(id)), { selections: selectionsOf(id, choice) });
      await store.append<never>({ reads: [], step: () => ({ append: [chosen] }) });
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/** Fills a new log with customers who say yes. */
export async function fillWithOffers(database: string, ids: readonly string[]): Promise<void> {
  await using filling = await openProcess(database);
  for (let from = 0; from < ids.length; from += 500) {
    await Promise.all(ids.slice(from, from + 500).map((id) => filling.choose(id, "opted-in")));
  }
}

function selectionsOf(id: string, choice: "opted-in" | "opted-out"): Selection[] {
  const by = { createdAt: "", createdBy: "Jo", modifiedAt: new Date().toISOString(), modifiedBy: "Jo" };
  return types.map((type) => {
    const value = emailOf(id, type);
    return { ...by, ...offers, choice, normal: value, type, value };
  });
}
