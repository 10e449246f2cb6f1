import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { checkCatalogue } from "../src/domain/catalogue-check.ts";
import { draft } from "../src/domain/change.ts";
import { preferencesOf } from "../src/domain/stream.ts";
import { customer, type Subject } from "../src/domain/subject.ts";
import { loadCatalogue } from "../src/service/catalogue.ts";
import { eraseSubject } from "../src/service/erase-subject.ts";
import { exportSubject } from "../src/service/export-subject.ts";
import type { Inspectable } from "../src/service/inspection.ts";
import { searchSuppressions } from "../src/service/read-suppressions.ts";
import type { Store } from "../src/service/store.ts";
import { suppressAddress } from "../src/service/suppress-address.ts";
import { verifyLog } from "../src/service/verify-log.ts";
import { openPostgresRecords } from "../src/storage/postgres/open-records.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { rebuildPostgres } from "../src/storage/postgres/rebuild.ts";
import { openSqliteRecords } from "../src/storage/sqlite/open-records.ts";
import { rebuild } from "../src/storage/sqlite/rebuild.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { newDatabase } from "./support/postgres.ts";
import { temporaryFolder } from "./support/service.ts";

const act = { actor: "Jo", client: "crm" };
const jo = customer("1");

interface Place {
  readonly open: () => Promise<Store>;
  readonly records: () => Promise<Inspectable & Pick<Store, "close">>;
  readonly rebuild: () => Promise<{ readonly mended: number }>;
}

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());
let files = 0;

function fileName(): string {
  files += 1;
  return join(folder.path, `${files}.db`);
}

function inFile(file: string): Place {
  return {
    open: () => openSqliteStore({ file }),
    records: () => openSqliteRecords(file),
    rebuild: () => rebuild(file),
  };
}

const storages = [
  { name: "SQLite", place: async () => inFile(fileName()) },
  {
    name: "PostgreSQL",
    place: async (): Promise<Place> => {
      const url = await newDatabase();
      return {
        open: () => openPostgresStore({ url }),
        records: () => openPostgresRecords(url),
        rebuild: () => rebuildPostgres(url),
      };
    },
  },
];

async function has(store: Store, ...addresses: readonly string[]): Promise<void> {
  await subjectHas(store, jo, ...addresses);
}

async function subjectHas(store: Store, subject: Subject, ...addresses: readonly string[]): Promise<void> {
  const stream = preferencesOf(subject);
  const document = { selections: addresses.map((normal) => ({ normal })) };
  const step = () => ({ append: [draft(act, "preferences", stream, document as never)] as const });
  await store.append<never>({ reads: [stream], step });
}

/** @returns the position of its evidence */
async function suppress(store: Store, address: string, source: string): Promise<number> {
  const catalogue = await loadCatalogue(store, () => {
    const checked = checkCatalogue({ version: 1, channels: ["Text", "Email"], frequencies: ["Never"] });
    assert("catalogue" in checked);
    return checked.catalogue;
  });
  const outcome = await suppressAddress(
    { store, catalogue },
    { address, reason: "legal" },
    { ...act, evidence: { source } },
  );
  assert("value" in outcome);
  return outcome.value.change + 1;
}

async function saidAt(store: Store, position: number): Promise<unknown> {
  const opening = await store.opening(position);
  return typeof opening === "object" ? opening.change.evidence : opening;
}

/** What an export says of stops, and what was said for them, when something happens between the one and the other. */
async function exported(store: Store, meanwhile?: () => Promise<unknown>): Promise<unknown> {
  const outcome = await exportSubject(store, jo, Date.now());
  assert("value" in outcome);
  const { changes, suppressions, evidence } = outcome.value;
  const stops: string[] = [];
  const said: unknown[] = [];
  for await (const { change } of changes) assert.equal(change.stream, preferencesOf(jo));
  for await (const { address, reason } of suppressions) stops.push(`${address} ${reason}`);
  await meanwhile?.();
  for await (const { change } of evidence) said.push(change.evidence?.["source"]);
  return { stops, said };
}

for (const { name, place } of storages) {
  describe(`evidence of suppressions on ${name}`, () => {
    it("is erased with whoever has or had the address, by itself; the log verifies, and is derived anew", async () => {
      const at = await place();
      const store = await at.open();
      await has(store, "old@example.com", "+12125550100");
      await has(store, "new@example.com");
      const theirs = [];
      for (const address of ["old@example.com", "2125550100", "NEW@example.com"])
        theirs.push(await suppress(store, address, `secret of ${address}`));
      const others = await suppress(store, "other@example.com", "of somebody else");
      const outcome = await eraseSubject(store, jo, act);
      assert("value" in outcome);
      assert.equal(outcome.value.erased, 5);
      for (const position of theirs) assert.equal(await saidAt(store, position), "erased");
      assert.deepEqual(await saidAt(store, others), { source: "of somebody else" });
      const again = await eraseSubject(store, jo, act);
      assert("rejected" in again);
      for (const address of ["old@example.com", "+12125550100", "new@example.com"]) {
        const found = await searchSuppressions(store, address);
        assert("value" in found && found.value.length === 1);
      }
      await store.close();

      // The second time on what the first has derived.
      for (const round of ["as recorded", "derived anew"]) {
        const records = await at.records();
        const { findings } = await verifyLog(records.inspection());
        await records.close();
        assert.deepEqual(findings, [], round);
        assert.equal((await at.rebuild()).mended, 0, round);
      }
    });

    it("is exported with whoever has or had the address, and never left out because that subject is erased", async () => {
      const at = await place();
      const store = await at.open();
      await has(store, "old@example.com");
      assert.deepEqual(await exported(store), { stops: [], said: [] });
      await has(store, "new@example.com");
      for (const address of ["old@example.com", "new@example.com", "other@example.com"])
        await suppress(store, address, `said for ${address}`);
      const stops = ["old@example.com legal", "new@example.com legal"];
      const said = ["said for old@example.com", "said for new@example.com"];
      assert.deepEqual(await exported(store), { stops, said });

      const other = customer("2");
      await subjectHas(store, other, "old@example.com");
      const withoutOld = { stops, said: said.slice(1) };
      assert.deepEqual(await exported(store, () => eraseSubject(store, other, act)), withoutOld);
      await assert.rejects(
        exported(store, () => eraseSubject(store, jo, act)),
        /erased meanwhile/,
      );
      await store.close();
    });

    it("is erased also of an address that comes just then", async () => {
      const at = await place();
      const store = await at.open();
      for (let round = 0; round < 10; round += 1) {
        const address = `late${round}@example.com`;
        const position = await suppress(store, address, "secret");
        await has(store, "first@example.com");
        const [outcome] = await Promise.all([eraseSubject(store, jo, act), has(store, address)]);
        assert("value" in outcome);
        const [left] = await store.newest([preferencesOf(jo)]);
        assert.deepEqual(await saidAt(store, position), left === undefined ? "erased" : { source: "secret" });
        await eraseSubject(store, jo, act);
        assert.equal(await saidAt(store, position), "erased");
      }
      await store.close();
    });
  });
}

describe("evidence of suppressions in a file", () => {
  it("is in none of its bytes once it is erased", async () => {
    const file = fileName();
    const store = await openSqliteStore({ file });
    await has(store, "jo@example.com");
    await suppress(store, "jo@example.com", "letter of Joanna");
    await eraseSubject(store, jo, act);
    for (const end of ["", "-wal"]) assert(!readFileSync(`${file}${end}`).includes("Joanna"));
    await store.close();
  });
});
