import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import type { Change } from "../src/domain/change.ts";
import { preferencesOf, type Stream } from "../src/domain/stream.ts";
import { type Customer, customer } from "../src/domain/subject.ts";
import { subjectKeyBytes, takeKey } from "../src/domain/subject-key.ts";
import { eraseSubject } from "../src/service/erase-subject.ts";
import { openPostgresStore, type PostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { keepCodes } from "./support/kept-codes.ts";
import { type PostgresServer, startPostgres } from "./support/postgres-server.ts";

// Law 10, on PostgreSQL: of an erased subject nothing is left in what any statement can read, at once; nor in the files
// of the tables once they were written anew.

const customers = 600;
const erased = Array.from({ length: 30 }, (_, index) => (index * 37) % customers);

function addressOf(id: number): string {
  return `zebra-${id}@example.com`;
}

/** Customers with ids of 20 digits, whose keys are not found by chance. */
function subjectOf(id: number): Customer {
  const digits = createHash("sha256").update(`${id}`).digest().readBigUInt64LE() % 10n ** 18n;
  return customer(`${10n ** 19n + digits}`);
}

/** How the name stands in a code; without the last byte, which says little. */
function nameOf(id: number): Buffer {
  const key = new Int32Array(subjectKeyBytes / 4);
  takeKey(key, subjectOf(id));
  return Buffer.from(key.buffer).subarray(0, subjectKeyBytes - 1);
}

/** Short texts, and some that PostgreSQL keeps outside of their row. */
function put(store: PostgresStore, id: number, round: number) {
  const stream: Stream = preferencesOf(subjectOf(id));
  // Random, so that PostgreSQL does not compress it, and it would be found in the files.
  const slots = [String(round), randomBytes(id % 10 === 7 ? 6000 : 200).toString("base64")];
  const document = { selections: [{ normal: addressOf(id) }], slots };
  return store.append({
    reads: [],
    step: () => ({ append: [{ actor: addressOf(id), client: "crm", stream, kind: "preferences", document }] }),
  });
}

/** All that any statement can read: every row of every table, as text. */
async function everyRow(server: PostgresServer): Promise<string> {
  const tables = await server.query(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'saywhen'::regnamespace AND relkind = 'r'",
    "erasing",
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await server.query(`SELECT t::text AS row FROM ${String(name)} AS t`, "erasing");
    texts.push(...rows.map(({ row }) => String(row)));
  }
  return texts.join("\n");
}

function isInFiles(server: PostgresServer, what: Buffer | string): boolean {
  const bytes = [...Buffer.from(what)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`);
  try {
    execFileSync("grep", ["-rqaP", bytes.join(""), `${server.folder}/base`], { env: { ...process.env, LC_ALL: "C" } });
    return true;
  } catch (error) {
    assert.equal((error as { status?: unknown }).status, 1, "grep itself must not fail");
    return false;
  }
}

describe("erasing subjects on PostgreSQL", () => {
  it("leaves nothing of them in any row at once, and nothing in the tables' files once they are written anew", async () => {
    await using server = await startPostgres();
    const store = await openPostgresStore({ url: await server.createDatabase("erasing") });
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: customers }, (_, id) => put(store, id, round)));
      await keepCodes(store);
    }
    await server.query("CHECKPOINT", "erasing");
    for (const what of [addressOf(37), nameOf(37)]) assert(isInFiles(server, what), "it would be found");

    for (const id of erased) {
      const outcome = await eraseSubject(store, subjectOf(id), { actor: "admin", client: "admin" });
      assert("value" in outcome && outcome.value.erased === 3);
    }
    const rows = await everyRow(server);
    assert(rows.includes(addressOf(1)) && rows.includes(nameOf(1).toString("hex")));
    const found: (Change | undefined)[] = await store.newest(erased.map((id) => preferencesOf(subjectOf(id))));
    assert.deepEqual(new Set(found), new Set([undefined]));
    for (const id of erased)
      assert(!rows.includes(addressOf(id)) && !rows.includes(nameOf(id).toString("hex")), addressOf(id));

    await store.close();
    await server.query("VACUUM FULL saywhen.change_0, saywhen.code", "erasing");
    await server.query("CHECKPOINT", "erasing");
    for (const id of erased) assert(!isInFiles(server, addressOf(id)) && !isInFiles(server, nameOf(id)), addressOf(id));
    for (const what of [addressOf(1), nameOf(1)]) assert(isInFiles(server, what));
  });
});
