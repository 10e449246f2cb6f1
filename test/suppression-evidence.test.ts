import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { checkCatalogue } from "../src/domain/catalogue-check.ts";
import { draft } from "../src/domain/change.ts";
import { preferencesOf } from "../src/domain/stream.ts";
import { customer } from "../src/domain/subject.ts";
import { loadCatalogue } from "../src/service/catalogue.ts";
import { eraseSubject } from "../src/service/erase-subject.ts";
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
  const document = { selections: addresses.map((normal) => ({ normal })) };
  const step = () => ({ append: [draft(act, "preferences", preferencesOf(jo), document as never)] as const });
  await store.append<never>({ reads: [preferencesOf(jo)], step });
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
