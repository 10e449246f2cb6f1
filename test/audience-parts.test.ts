import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { customer } from "../src/domain/subject.ts";
import { applyCatalogue } from "../src/service/catalogue.ts";
import { eraseSubject } from "../src/service/erase-subject.ts";
import {
  type AskedAudience,
  type Audience,
  audienceDecisions,
  audienceLines,
  findAudience,
} from "../src/service/find-audience.ts";
import { suppressAddress } from "../src/service/suppress-address.ts";
import { audienceTexts } from "../src/wire/audiences.ts";
import {
  act,
  emailOf,
  fillWithOffers,
  idsOf,
  offers,
  offersCatalogue,
  openProcess,
  type Process,
} from "./support/offers.ts";
import { newDatabase } from "./support/postgres.ts";
import { temporaryFolder } from "./support/service.ts";

/** More than one part of them. */
const ids = idsOf(4000);
const subjects = ids.map(customer);
const last = (places: number) => ids.at(-places) ?? "";

async function audienceOf({ finding }: Process, asked: AskedAudience = offers): Promise<Audience> {
  const outcome = await findAudience(finding, asked, false);
  assert("value" in outcome);
  return outcome.value;
}

function linesOf(process: Process, audience: Audience): AsyncGenerator<Buffer, void> {
  return audienceLines(process.finding, audience, audienceTexts);
}

function subjectsIn(part: Buffer | void): string[] {
  const lines = String(part).split("\n").slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { readonly subject: string }).subject);
}

const storages = [
  { name: "SQLite", isPostgres: false },
  { name: "two nodes on PostgreSQL", isPostgres: true },
];

for (const { name, isPostgres } of storages) {
  describe(`the parts of an audience on ${name}`, () => {
    const folder = temporaryFolder();
    const ending = new AsyncDisposableStack();
    let one: Process;
    let other: Process;
    before(async () => {
      const database = isPostgres ? await newDatabase() : join(folder.path, "saywhen.db");
      await fillWithOffers(database, ids);
      one = ending.use(await openProcess(database));
      other = isPostgres ? ending.use(await openProcess(database)) : one;
    });
    after(async () => {
      await ending.disposeAsync();
      folder[Symbol.dispose]();
    });

    const stop = async (id: string, type: string) => {
      const outcome = await suppressAddress(other, { address: emailOf(id, type), reason: "complaint" }, act);
      assert("value" in outcome);
    };

    it("are each of the moment in which they are asked for, whichever node was told no (law 11)", async () => {
      const audience = await audienceOf(one);
      assert.equal(audience.change + 1, await one.store.size());
      const lines = linesOf(one, audience);
      const found = subjectsIn((await lines.next()).value);
      assert.ok(found.length > 0 && found.length < subjects.length / 2 + 1500);
      await other.choose(last(1), "opted-out");
      await stop(last(2), "BEMAIL");
      await stop(last(2), "SEMAIL");
      await stop(last(3), "BEMAIL");
      await eraseSubject(other.store, customer(last(4)), act);
      await other.choose(ids[0] ?? "", "opted-out");
      for await (const part of lines) found.push(...subjectsIn(part));
      assert.deepEqual(found, [...subjects.slice(0, -4), customer(last(3))]);
    });

    it("come with addresses that are of that moment, too", async () => {
      const decisions = audienceDecisions(one.finding, await audienceOf(one));
      const found = [...((await decisions.next()).value ?? [])];
      await other.choose(last(5), "opted-out");
      await stop(last(6), "SEMAIL");
      for await (const part of decisions) found.push(...part);
      assert.deepEqual(
        found.map(({ subject }) => subject),
        [...subjects.slice(1, -5), customer(last(3))],
      );
      const shown = new Map(found.map((decision) => [decision.subject, "addresses" in decision && decision.addresses]));
      assert.deepEqual(shown.get(customer(last(6))), [{ type: "BEMAIL", value: emailOf(last(6), "BEMAIL") }]);
      assert.deepEqual(shown.get(customer(last(3))), [{ type: "SEMAIL", value: emailOf(last(3), "SEMAIL") }]);
    });

    it("go on behind a subject that is not in it any more, but not behind one that was erased", async () => {
      const audience = await audienceOf(one, { ...offers, after: customer(last(6)) });
      assert.deepEqual(subjectsIn((await linesOf(one, audience).next()).value), [customer(last(3))]);
      const refused = await findAudience(one.finding, { ...offers, after: customer(last(4)) }, false);
      assert("rejected" in refused);
      assert.deepEqual(
        refused.rejected.faults.map(({ problem, path }) => ({ problem, path })),
        [{ problem: "subject-unknown", path: ["after"] }],
      );
    });

    it("follow a catalogue that comes into force meanwhile", async () => {
      const lines = linesOf(one, await audienceOf(one));
      assert.ok(((await lines.next()).value?.length ?? 0) > 0);
      const closed = await applyCatalogue(other.store, other.catalogue, offersCatalogue(2, { enabled: false }), act);
      assert("value" in closed, JSON.stringify(closed));
      assert.equal((await lines.next()).done, true);
    });
  });
}
