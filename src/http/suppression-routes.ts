import { limits } from "../domain/limits.ts";
import { liftSuppression } from "../service/lift-suppression.ts";
import { listSuppressions, readSuppression, searchSuppressions } from "../service/read-suppressions.ts";
import { suppressAddress, type Suppressions, suppressionFaults } from "../service/suppress-address.ts";
import { readSuppressionId, type SuppressionName } from "../service/suppression-view.ts";
import {
  suppressionAnswer,
  suppressionInForce,
  suppressionLine,
  suppressionList,
  suppressionSearch,
  suppressionWish,
} from "../wire/suppressions.ts";
import { actOf } from "./act.ts";
import { readBody, refuseRejected } from "./body.ts";
import { type Links, receiptLink } from "./links.ts";
import { Query } from "./query.ts";
import { recorded } from "./recorded.ts";
import { type Answer, type Call, type PlacedFault, Refusal, type Route } from "./route.ts";
import { suppressLines } from "./suppression-lines.ts";

const listPath = "/v1/suppressions";
const onePath = `${listPath}/{id}`;

/** The addresses to which nothing is sent, whatever was chosen. */
export function suppressionRoutes(suppressions: Suppressions, links: Links): Route[] {
  const shared = { family: "own", scope: "suppressions", formats: ["json"] } as const;
  const { store } = suppressions;
  return [
    {
      ...shared,
      method: "POST",
      path: listPath,
      summary: "Stop an address, on one channel or on all; the same again is answered with 200. Or many, a line each",
      shapes: {
        body: suppressionWish.name,
        answer: suppressionInForce.name,
        bodyLine: suppressionWish.name,
        answerLine: suppressionLine.name,
      },
      success: 201,
      formats: ["json", "ndjson"],
      bodies: ["json", "ndjson"],
      takesEvidence: true,
      handle: (call) => (call.inLines ? suppressLines(suppressions, links, call) : suppress(suppressions, call)),
    },
    {
      ...shared,
      method: "GET",
      path: listPath,
      query: ["cursor", "limit"],
      summary: "Everything that is stopped, page by page; no address is told",
      shapes: { answer: suppressionList.name },
      handle: (call) => list(suppressions, call),
    },
    {
      ...shared,
      method: "POST",
      path: `${listPath}/search`,
      summary: "What stops an address, on whichever channel",
      shapes: { body: suppressionSearch.name, answer: suppressionList.name },
      bodies: ["json"],
      handle: (call) => search(suppressions, call),
    },
    {
      ...shared,
      method: "GET",
      path: onePath,
      summary: "One suppression",
      shapes: { answer: suppressionAnswer.name },
      handle: async (call) => {
        const outcome = await readSuppression(store, nameIn(call));
        if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
        return shown(call, suppressionAnswer.print(outcome.value, "json"));
      },
    },
    {
      ...shared,
      method: "DELETE",
      path: onePath,
      summary: "Lift a suppression; others of the same address stay",
      shapes: {},
      success: 204,
      takesEvidence: true,
      handle: (call) => lift(suppressions, call),
    },
  ];
}

async function suppress(suppressions: Suppressions, call: Call): Promise<Answer> {
  new Query(call).takeOnly().refuseFaults();
  const asked = await readBody(suppressionWish, call, (salvaged) => suppressionFaults(suppressions, salvaged));
  const outcome = await suppressAddress(suppressions, asked, actOf(call));
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, suppressionWish, call);
  const { suppression, change, isNew } = outcome.value;
  const answer = recorded(call, change, suppressionInForce.print({ ...suppression, change }, "json"));
  if (!isNew) return answer;
  return { ...answer, status: 201, headers: { ...answer.headers, location: `${listPath}/${suppression.id}` } };
}

async function list({ store }: Suppressions, call: Call): Promise<Answer> {
  const query = new Query(call).takeOnly("cursor", "limit");
  const limit = query.number("limit", limits.suppressions, 1, limits.largestSuppressions);
  const after = query.text("cursor", readCursor)?.name;
  query.refuseFaults();
  const outcome = await listSuppressions(store, limit, after);
  if ("rejected" in outcome) {
    const faults = outcome.rejected.faults.map(
      ({ path, ...fault }): PlacedFault => ({ ...fault, place: path.join("/") }),
    );
    throw new Refusal(outcome.rejected.problem, faults);
  }
  const { next } = outcome.value;
  const link = next === undefined ? {} : { link: `<${listPath}?cursor=${next}&limit=${limit}>; rel="next"` };
  return shown(call, suppressionList.print(outcome.value, "json"), link);
}

function readCursor(text: string): { readonly name: SuppressionName } | { readonly fault: string } {
  const name = readSuppressionId(text);
  return name === undefined ? { fault: "was not given out here; leave it out to begin with the first" } : { name };
}

async function search({ store }: Suppressions, call: Call): Promise<Answer> {
  new Query(call).takeOnly().refuseFaults();
  const { address } = await readBody(suppressionSearch, call);
  const outcome = await searchSuppressions(store, address);
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, suppressionSearch, call);
  return shown(call, suppressionList.print({ suppressions: outcome.value }, "json"));
}

async function lift({ store }: Suppressions, call: Call): Promise<Answer> {
  new Query(call).takeOnly().refuseFaults();
  const outcome = await liftSuppression(store, nameIn(call), actOf(call));
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
  const { change } = outcome.value;
  return { status: 204, headers: { "saywhen-change": String(change), link: receiptLink(change) } };
}

function nameIn({ params }: Call): SuppressionName {
  const name = readSuppressionId(params["id"] ?? "");
  if (name === undefined) throw new Refusal("suppression-unknown");
  return name;
}

/** Who is stopped is nothing for a cache. */
function shown({ type }: Call, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, body, type, headers: { ...headers, "cache-control": "no-store" } };
}
