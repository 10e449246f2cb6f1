import assert from "node:assert/strict";
import fc from "fast-check";
import { checkCatalogue } from "../../src/domain/catalogue-check.ts";
import { type Act, draft } from "../../src/domain/change.ts";
import type { AskedQuestion } from "../../src/domain/question.ts";
import { preferencesOf } from "../../src/domain/stream.ts";
import { customer, organisation, type Subject, user } from "../../src/domain/subject.ts";
import { addUser } from "../../src/service/add-user.ts";
import { applyCatalogue, type CatalogueInForce } from "../../src/service/catalogue.ts";
import { eraseSubject } from "../../src/service/erase-subject.ts";
import { liftSuppression } from "../../src/service/lift-suppression.ts";
import { searchSuppressions } from "../../src/service/read-suppressions.ts";
import { recordCustomerPreferences } from "../../src/service/record-customer-preferences.ts";
import { recordOrganisationPreferences, recordUserPreferences } from "../../src/service/record-email-preferences.ts";
import { replaceUser } from "../../src/service/replace-user.ts";
import type { Store } from "../../src/service/store.ts";
import { suppressAddress } from "../../src/service/suppress-address.ts";
import { readSuppressionId } from "../../src/service/suppression-view.ts";

// A small world in which everything that a decision may rest on happens, in any order: few names, so that acts meet.

const categories = ["Notices", "Offers", "Recall", "Magazine"];
const channels = ["Text", "Email"] as const;
const types = { Text: ["BPHONE", "SPHONE"], Email: ["BEMAIL", "SEMAIL"] };
const addresses = {
  Text: ["2025550123", "+12025550123", "+353861234567", "+447911123456"],
  Email: ["Jo@example.com", "jo@example.com", "sam@example.com"],
};
const customers = ["1", "01", "00000000000000000007", "99999999999999999999"].map(customer);
const organisations = [1, 2];
const users = [1, 2, 3];

/** Everybody who may come into this world. */
export const everybody: readonly Subject[] = [
  ...customers,
  ...organisations.map(organisation),
  ...users.map(user),
  customer("404"),
];

const hour = 3_600_000;

/** Catalogues of the same names and different policies, by which one follows another. */
const policies: readonly object[] = [
  {},
  { Notices: { enabled: false }, Offers: { expiresAfter: "P1D" } },
  { Offers: { expiresAfter: "P1M", quietHours: { Text: "21:00-08:00" } }, Recall: { essential: true } },
  { Notices: { essential: true, quietHours: "12:00-13:00" }, Offers: { quietHours: "21:00-08:00" } },
  { Magazine: { retired: true }, SPHONE: { retired: true }, BEMAIL: { channels: ["Text"] } },
  { Text: { timeZone: "Asia/Tokyo" }, Notices: { quietHours: "22:00-06:00" }, Algeria: { retired: true } },
  { Events: { retired: true }, Weekly: { retired: true }, Alert: { retired: true }, Magazine: { enabled: false } },
];

type Policy = Readonly<Record<string, object>>;

/** @param version from 1; the policies take turns */
export function catalogueOf(version: number): object {
  const policy = (policies[(version - 1) % policies.length] ?? {}) as Policy;
  const named = (name: string, rest: object = {}) => ({ name, ...rest, ...policy[name] });
  return {
    version,
    channels: channels.map((name) => named(name)),
    types: channels.flatMap((channel) =>
      types[channel].map((name) => named(name, { channels: [channel], kind: channel === "Text" ? "phone" : "email" })),
    ),
    categories: categories.map((name) => named(name)),
    frequencies: ["Daily", named("Weekly"), "Never"],
    nodes: [
      { name: "Countries", labels: [named("Algeria"), "Benin"] },
      { name: "Trades", labels: ["Bakers", "Smiths"] },
    ],
    modules: ["News", named("Events")],
    alertServices: [named("Alert")],
    timeZones: { US: ["America/New_York", "America/Los_Angeles"], IE: ["Europe/Dublin"] },
  };
}

const metadata = fc.dictionary(
  fc.constantFrom("Countries", "Trades"),
  fc.subarray(["Algeria", "Benin", "Bakers", "Smiths"]),
  { maxKeys: 2 },
);
const labelsOf = { Countries: ["Algeria", "Benin"], Trades: ["Bakers", "Smiths"] };
const nodes = metadata.map((chosen) =>
  Object.entries(chosen).map(([node, labels]) => {
    return { node, labels: labels.filter((label) => labelsOf[node as "Trades"].includes(label)) };
  }),
);
const frequency = fc.constantFrom("Daily", "Weekly", "Never");
const moduleChoice = fc.record({
  name: fc.constantFrom("News", "Events"),
  preference: fc.constantFrom("Include", "Off", "Custom"),
  frequency,
  nodes,
});

const channel = fc.constantFrom("Text" as const, "Email" as const);
const selection = channel.chain((name) =>
  fc.record({
    category: fc.constantFrom(...categories),
    channel: fc.constant(name),
    type: fc.constantFrom(...types[name]),
    value: fc.constantFrom(...addresses[name]),
    choice: fc.constantFrom("opted-in" as const, "opted-in" as const, "opted-out" as const),
  }),
);
const emailWish = fc.record({
  frequency,
  nodes,
  modules: fc.uniqueArray(moduleChoice, { selector: ({ name }) => name, maxLength: 2 }),
  alertServices: fc.uniqueArray(fc.record({ name: fc.constant("Alert"), preference: fc.constantFrom("On", "Off") }), {
    selector: ({ name }) => name,
  }),
});
const anyAddress = fc.constantFrom(...addresses.Text, ...addresses.Email);

/** One thing that happens. */
export const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant("choose" as const), id: fc.constantFrom(...customers), selection }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("leave unconfirmed" as const), id: fc.constantFrom(...customers) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant("wish" as const),
      of: fc.constantFrom(...organisations),
      wish: emailWish,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("wish alone" as const), of: fc.constantFrom(...users), wish: emailWish }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("employ" as const),
      id: fc.constantFrom(...users),
      organisation: fc.option(fc.constantFrom(...organisations), { nil: undefined }),
      email: fc.constantFrom("jo@example.com", "sam@example.com", "kim@example.com"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant("stop" as const),
      address: anyAddress,
      on: fc.option(channel, { nil: undefined }),
      reason: fc.constantFrom("manual", "complaint"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("lift" as const), address: anyAddress }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("erase" as const), subject: fc.constantFrom(...everybody) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("change the catalogue" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("wait" as const), hours: fc.constantFrom(1, 5, 23, 24, 700) }),
  },
);

/** Questions of every kind. */
export const questions: readonly AskedQuestion[] = [
  ...categories.flatMap((category) => channels.map((name) => ({ category, channel: name }))),
  { category: "Offers", channel: "Text", timeZone: "Asia/Tokyo" },
  ...["News", "Events"].flatMap((module) =>
    [{}, { Countries: ["Algeria"] }, { Countries: ["Benin"], Trades: ["Smiths", "Bakers"] }].map((item) => ({
      module,
      metadata: item,
    })),
  ),
  { alertService: "Alert" },
];

/** Where the acts are done, and by whose clock. */
export interface World {
  readonly store: Store;
  readonly catalogue: CatalogueInForce;
  readonly clock: { now: number };
}

const by: Act = { actor: "Jo", client: "crm" };

/** Does one thing; what cannot be done now, such as giving a user the address of another, is left. */
export async function happen(
  world: World,
  done: typeof act extends fc.Arbitrary<infer Done> ? Done : never,
): Promise<void> {
  const { store, catalogue, clock } = world;
  const shared = { store, catalogue, continuation: undefined };
  const organisationsToo = { ...shared, subjects: "open" } as const;
  switch (done.does) {
    case "choose": {
      const { category, channel: name, ...wished } = done.selection;
      const wish = { preferences: [{ category, channels: [{ name, selections: [wished] }] }] };
      await recordCustomerPreferences({ ...shared, put: "merge" }, done.id.slice("customer:".length), wish, by, {});
      return;
    }
    case "leave unconfirmed": {
      const stream = preferencesOf(done.id);
      const step = (newest: Parameters<Parameters<Store["append"]>[0]["step"]>[0]) => {
        const [first, ...rest] = newest.change(stream)?.document.selections ?? [];
        if (first === undefined) return { refuse: "nothing chosen" } as const;
        const { value, ...others } = first;
        const document = { selections: [{ ...others, unconfirmed: true as const, value }, ...rest] };
        return { append: [draft(by, "preferences", stream, document)] } as const;
      };
      await store.append({ reads: [stream], step });
      return;
    }
    case "wish":
      await recordOrganisationPreferences(organisationsToo, done.of, { wish: done.wish, act: by, condition: {} });
      return;
    case "wish alone":
      await recordUserPreferences(organisationsToo, { id: done.of }, { wish: done.wish, act: by, condition: {} });
      return;
    case "employ": {
      const { id, email, organisation: employer } = done;
      const wish = { email, ...(employer !== undefined && { organisation: employer }) };
      const added = await addUser(organisationsToo, { ...wish, id }, by);
      if ("rejected" in added) await replaceUser(organisationsToo, { id }, wish, by);
      return;
    }
    case "stop": {
      const asked = { address: done.address, reason: done.reason, ...(done.on !== undefined && { channel: done.on }) };
      assert("value" in (await suppressAddress({ store, catalogue }, asked, by)));
      return;
    }
    case "lift": {
      const found = await searchSuppressions(store, done.address);
      const name = "value" in found ? readSuppressionId(found.value[0]?.id ?? "") : undefined;
      if (name !== undefined) await liftSuppression(store, name, by);
      return;
    }
    case "erase":
      await eraseSubject(store, done.subject, by);
      return;
    case "change the catalogue": {
      const { version } = catalogue.at(undefined);
      const checked = checkCatalogue(catalogueOf(version + 1));
      assert("catalogue" in checked, JSON.stringify(checked));
      const applied = await applyCatalogue(store, catalogue, checked.catalogue, by);
      assert("value" in applied, JSON.stringify(applied));
      return;
    }
    case "wait":
      clock.now += done.hours * hour;
  }
}
