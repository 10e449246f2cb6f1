import { applyCatalogue, type CatalogueInForce, readCatalogue } from "../service/catalogue.ts";
import type { Store } from "../service/store.ts";
import { catalogueAnswer, catalogueWish } from "../wire/catalogue.ts";
import { actOf } from "./act.ts";
import { readBody, refuseRejected } from "./body.ts";
import { recorded } from "./recorded.ts";
import type { Answer, Call, Route } from "./route.ts";

/** Everything that may be chosen. */
export function catalogueRoutes(store: Store, inForce: CatalogueInForce): Route[] {
  const shared = { family: "own", scope: "admin", path: "/v1/catalogue", formats: ["json"] } as const;
  return [
    {
      ...shared,
      method: "GET",
      summary: "The catalogue that counts, and the change that recorded it",
      shapes: { answer: catalogueAnswer.name },
      handle: async ({ type }) => ({ status: 200, body: printed(await readCatalogue(store, inForce)), type }),
    },
    {
      ...shared,
      method: "PUT",
      summary: "Put another catalogue in force: a higher version, in which names are retired and never removed",
      shapes: { body: catalogueWish.name, answer: catalogueAnswer.name },
      bodies: ["json"],
      takesEvidence: true,
      handle: (call) => apply(store, inForce, call),
    },
  ];
}

async function apply(store: Store, inForce: CatalogueInForce, call: Call): Promise<Answer> {
  const outcome = await applyCatalogue(store, inForce, await readBody(catalogueWish, call), actOf(call));
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, catalogueWish, call);
  return recorded(call, outcome.value.position, printed(outcome.value));
}

function printed({ document, position }: CatalogueInForce["change"]): string {
  return catalogueAnswer.print({ catalogue: document, change: position }, "json");
}
