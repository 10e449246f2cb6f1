import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import {
  customerBody,
  emailWish,
  scratch,
  scratched,
  type SentCustomer,
  spoiling,
  spoilt,
} from "./support/documents.ts";
import { customersError, organisationsError } from "./support/errors.ts";
import { inProcess, type ReceivedAnswer, type Transport } from "./support/exchange.ts";
import { type RunningService, startInProcess } from "./support/service.ts";
import { credentials } from "./support/target.ts";
import { asTexts, fromXml, type Plain, toXml } from "./support/xml-mirror.ts";

// Generated bodies for both PUTs, valid and spoilt, in both formats. FUZZ_SECONDS (10) is the time for all of them.

const seconds = Number(process.env["FUZZ_SECONDS"] ?? 10);
const properties = 6;
const settings = { numRuns: 1_000_000, interruptAfterTimeLimit: (seconds * 1000) / properties } as const;

let running: RunningService;
let send: Transport;
before(async () => {
  running = await startInProcess();
  send = inProcess(running.service.server);
});
after(() => running[Symbol.asyncDispose]());

let lastId = 0;
const newCustomer = (): string => `/v1/customers/${++lastId}/communication-preferences`;
const newOrganisation = (): string => `/api/2/organisations/${++lastId}/emailpreferences`;
const newUser = (): string => `/api/2/users/${++lastId}/emailpreferences`;

type Format = "json" | "xml";
const format = fc.constantFrom<Format>("json", "xml");

async function put(target: string, as: Format, body: string | Uint8Array): Promise<ReceivedAnswer> {
  const started = performance.now();
  const answer = await send({
    method: "PUT",
    target,
    headers: credentials({ "Content-Type": `application/${as}` }),
    body,
  });
  assert.ok(performance.now() - started < 2000, "it took more than two seconds");
  return answer;
}

/** What GET shows: the same in both formats, and the same when it is asked again (law 6, law 7). */
async function shown(target: string): Promise<{ etag: string; json: string; xml: string }> {
  const get = (type: string) => send({ method: "GET", target, headers: credentials({ Accept: type }) });
  const [json, xml, again] = [
    await get("application/json"),
    await get("application/xml"),
    await get("application/json"),
  ];
  assert.deepEqual([json.status, xml.status], [200, 200], json.body);
  assert.deepEqual([again.body, again.headers["etag"]], [json.body, json.headers["etag"]]);
  const document = JSON.parse(json.body) as { [name: string]: Plain };
  assert.deepEqual(fromXml(xml.body), asTexts(document["emailpreferences"] ?? document));
  return { etag: json.headers["etag"] ?? "", json: json.body, xml: xml.body };
}

/** What GET shows can be PUT as it is, in both formats, and changes nothing of it (law 7). */
async function goesRound(target: string): Promise<void> {
  const before = await shown(target);
  for (const as of ["json", "xml"] as const) {
    const answer = await put(target, as, before[as]);
    assert.equal(answer.status, 200, `${before[as]}\n${answer.body}`);
    const now = await shown(target);
    assert.deepEqual([now.json, now.xml], [before.json, before.xml]);
    assert.notEqual(now.etag, before.etag);
  }
}

/** A customer's slots as a PUT of this body leaves them: a second, simple account of what merging means. */
type Slots = Map<string, { value: string; is_opt_in: string }>;

function merged(before: Slots, { preferences }: SentCustomer): Slots {
  const slots: Slots = new Map(before);
  for (const { category, channels } of preferences) {
    for (const { name, selections } of channels) {
      for (const { value, type, is_opt_in } of selections)
        slots.set(JSON.stringify([category, name, type]), { value, is_opt_in });
    }
  }
  return slots;
}

function slotsOf(json: string): Slots {
  return merged(new Map(), JSON.parse(json) as SentCustomer);
}

const sorted = (slots: Slots) => [...slots].toSorted(([a], [b]) => (a < b ? -1 : 1));
const bodyOf = (as: Format, root: string, document: unknown): string =>
  as === "xml" ? toXml(root, document) : JSON.stringify(root === "request" ? document : { [root]: document });

describe("a customer's PUT", () => {
  it("leaves every slot that it mentions as sent, and every other as it was: yes, no and never asked (law 2)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(customerBody, format), { minLength: 1, maxLength: 4 }), async (bodies) => {
        const target = newCustomer();
        let expected: Slots = new Map();
        for (const [body, as] of bodies) {
          const answer = await put(target, as, bodyOf(as, "request", body));
          assert.equal(answer.status, 200, answer.body);
          expected = merged(expected, body);
          assert.deepEqual(sorted(slotsOf((await shown(target)).json)), sorted(expected));
        }
        await goesRound(target);
      }),
      settings,
    );
  });

  it("with a spoilt body is taken as it stands or refused without a trace", async () => {
    await fc.assert(
      fc.asyncProperty(
        customerBody,
        customerBody,
        fc.array(spoiling, { minLength: 1, maxLength: 3 }),
        async (first, second, spoilings) => {
          const target = newCustomer();
          assert.equal((await put(target, "json", bodyOf("json", "request", first))).status, 200);
          const before = await shown(target);
          const sent = bodyOf("json", "request", spoilings.reduce<unknown>(spoilt, second));
          const answer = await put(target, "json", sent);
          const now = await shown(target);
          if (answer.status === 200) {
            assert.deepEqual(
              sorted(slotsOf(now.json)),
              sorted(merged(slotsOf(before.json), JSON.parse(sent) as SentCustomer)),
            );
          } else {
            customersError(answer, answer.status === 400 ? 400 : 422);
            assert.deepEqual(now, before);
          }
        },
      ),
      settings,
    );
  });

  it("with scratched bytes is never a failure of ours, and refused without a trace", async () => {
    await fc.assert(
      fc.asyncProperty(customerBody, format, scratch, async (body, as, scratches) => {
        const target = newCustomer();
        const before = await shown(target);
        const answer = await put(target, as, scratched(bodyOf(as, "request", body), scratches));
        if (answer.status === 200) return goesRound(target);
        customersError(answer, answer.status === 400 ? 400 : 422);
        assert.deepEqual(await shown(target), before);
      }),
      settings,
    );
  });
});

describe("an organisation's or user's PUT", () => {
  const place = fc.constantFrom(newOrganisation, newUser);

  it("is shown in the catalogue's spelling, goes round, and is the same whichever format it came in", async () => {
    await fc.assert(
      fc.asyncProperty(place, emailWish, emailWish, async (newPlace, first, wish) => {
        const [inJson, inXml] = [newPlace(), newPlace()];
        for (const [target, as] of [
          [inJson, "json"],
          [inXml, "xml"],
        ] as const) {
          assert.equal((await put(target, as, bodyOf(as, "emailpreferences", first))).status, 200);
          assert.equal((await put(target, as, bodyOf(as, "emailpreferences", wish))).status, 200);
          await goesRound(target);
        }
        const [one, other] = [await shown(inJson), await shown(inXml)].map(({ json }) => json.replace(/:\d+,/, ":0,"));
        assert.equal(one, other);
        const sent = JSON.stringify(wish.metadatanodes?.map(({ node }) => node) ?? []).toLowerCase();
        const { emailpreferences } = JSON.parse(one ?? "") as {
          emailpreferences: { metadatanodes: { node: string }[] };
        };
        assert.equal(JSON.stringify(emailpreferences.metadatanodes.map(({ node }) => node)).toLowerCase(), sent);
      }),
      settings,
    );
  });

  it("with a spoilt body is taken or refused without a trace", async () => {
    await fc.assert(
      fc.asyncProperty(
        place,
        emailWish,
        emailWish,
        format,
        fc.array(spoiling, { minLength: 1, maxLength: 3 }),
        async (newPlace, first, second, as, spoilings) => {
          const target = newPlace();
          assert.equal((await put(target, "json", bodyOf("json", "emailpreferences", first))).status, 200);
          const before = await shown(target);
          const answer = await put(
            target,
            as,
            bodyOf(as, "emailpreferences", spoilings.reduce<unknown>(spoilt, second)),
          );
          if (answer.status === 200) return goesRound(target);
          organisationsError(answer, 400);
          assert.deepEqual(await shown(target), before);
        },
      ),
      settings,
    );
  });

  it("with scratched bytes is never a failure of ours, and refused without a trace", async () => {
    await fc.assert(
      fc.asyncProperty(place, emailWish, format, scratch, async (newPlace, wish, as, scratches) => {
        const target = newPlace();
        const before = await shown(target);
        const answer = await put(target, as, scratched(bodyOf(as, "emailpreferences", wish), scratches));
        if (answer.status === 200) return goesRound(target);
        organisationsError(answer, 400);
        assert.deepEqual(await shown(target), before);
      }),
      settings,
    );
  });
});
