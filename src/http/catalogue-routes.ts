import { applyCatalogue, type CatalogueInForce, readCatalogue } from "../service/catalogue.ts";
import { previewCatalogue } from "../service/preview-catalogue.ts";
import type { Store } from "../service/store.ts";
import { catalogueAnswer, catalogueWish } from "../wire/catalogue.ts";
import { catalogueEffect } from "../wire/catalogue-effect.ts";
import { actOf } from "./act.ts";
import { readBody, refuseRejected } from "./body.ts";
import { Query } from "./query.ts";
import { recorded } from "./recorded.ts";
import { type Answer, type Call, Refusal, type Route } from "./route.ts";

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
      summary:
        "Put another catalogue in force: a higher version, in which names are retired and never removed; with " +
        "`dryRun=true`, only tell whom it would concern",
      shapes: { body: catalogueWish.name, answer: [catalogueAnswer.name, catalogueEffect.name] },
      query: ["dryRun"],
      bodies: ["json"],
      takesEvidence: true,
      handle: (call) => put(store, inForce, call),
    },
  ];
}

/** A misspelt parameter is refused: it must not put in force what was only to be tried. */
async function put(store: Store, inForce: CatalogueInForce, call: Call): Promise<Answer> {
  const query = new Query(call).takeOnly("dryRun");
  const isDryRun = query.text("dryRun", readDryRun)?.is ?? false;
  query.refuseFaults();
  return isDryRun ? preview(store, inForce, call) : apply(store, inForce, call);
}

function readDryRun(text: string): { readonly is: boolean } | { readonly fault: string } {
  return text === "true" || text === "false" ? { is: text === "true" } : { fault: "must be true or false" };
}

async function preview(store: Store, inForce: CatalogueInForce, call: Call): Promise<Answer> {
  const value = await readBody(catalogueWish, call);
  // Nobody is recorded; but evidence that an apply would refuse is refused here, too.
  actOf(call);
  const goOn = () => {
    if (call.incoming.socket.destroyed) throw new Refusal("request-malformed");
    call.admitAgain();
  };
  const outcome = await previewCatalogue({ records: store, catalogue: inForce, at: Date.now(), goOn }, value);
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, catalogueWish, call);
  const body = catalogueEffect.print({ dryRun: true, ...outcome.value }, "json");
  return { status: 200, body, type: call.type, headers: { "cache-control": "no-store" } };
}

async function apply(store: Store, inForce: CatalogueInForce, call: Call): Promise<Answer> {
  const outcome = await applyCatalogue(store, inForce, await readBody(catalogueWish, call), actOf(call));
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, catalogueWish, call);
  return recorded(call, outcome.value.position, printed(outcome.value));
}

function printed({ document, position }: CatalogueInForce["change"]): string {
  return catalogueAnswer.print({ catalogue: document, change: position }, "json");
}
