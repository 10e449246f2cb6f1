import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Carried, carryOut } from "../../test/support/commands.ts";
import { inProcess } from "../../test/support/exchange.ts";
import { adminToken, startInProcess, temporaryFolder } from "../../test/support/service.ts";
import { credentials } from "../../test/support/target.ts";

const catalogue = join(import.meta.dirname, "../../catalogue.yaml");

/** A folder with a database in which customer 1 has three changes; nothing serves it any more. */
async function recorded(folder: string): Promise<(words: string) => Promise<Carried>> {
  const file = join(folder, "saywhen.db");
  await using running = await startInProcess({ file });
  for (let index = 0; index < 3; index += 1) {
    const target = "/v1/customers/1/communication-preferences";
    const headers = credentials({ "Content-Type": "application/json" });
    const send = inProcess(running.service.server);
    assert.equal((await send({ method: "PUT", target, headers, body: '{"preferences": []}' })).status, 200);
  }
  return (words) => {
    const env = { SAYWHEN_DATABASE: file, SAYWHEN_CATALOGUE: catalogue, SAYWHEN_URL: "http://127.0.0.1:2" };
    return carryOut(words.split(" "), env);
  };
}

describe("saywhen erase", () => {
  it("erases only what is meant, says what it did, and books it beside the key", async () => {
    using folder = temporaryFolder();
    const saywhen = await recorded(folder.path);
    const asked = await saywhen("erase customer:1");
    assert.equal(asked.exitCode, 2);
    assert.match(asked.told, /Nothing was erased yet.*saywhen erase customer:1 --yes/);
    assert.deepEqual(await saywhen("erase customer:1 --yes"), {
      exitCode: 0,
      printed: "",
      told: "customer:1 is erased: 3 changes, by change 5.",
    });
    assert(existsSync(join(folder.path, "saywhen.db.key.erased")));
    const again = await saywhen("erase --yes customer:1");
    assert.deepEqual([again.exitCode, again.told.split(".")[0]], [1, "Nothing is recorded about the subject"]);
  });

  it("erases through the service that serves", async () => {
    using folder = temporaryFolder();
    await recorded(folder.path);
    await using running = await startInProcess({ file: join(folder.path, "saywhen.db") });
    const { url } = await running.service.listen();
    const { exitCode, told } = await carryOut(["erase", "customer:1", "--yes"], {
      SAYWHEN_URL: url,
      SAYWHEN_TOKEN: adminToken,
    });
    assert.deepEqual([exitCode, told], [0, "customer:1 is erased: 3 changes, by change 5."]);
  });

  it("wants one subject, whole", async () => {
    for (const words of [
      ["erase"],
      ["erase", "--yes"],
      ["erase", "customer:x"],
      ["erase", "user:1", "user:2", "--yes"],
    ]) {
      const { exitCode, told } = await carryOut(words, {});
      assert.deepEqual([exitCode, told.split("\n")[0]], [2, "Usage:"]);
    }
  });
});

describe("saywhen export", () => {
  it("prints one JSON value, a change a line", async () => {
    using folder = temporaryFolder();
    const saywhen = await recorded(folder.path);
    const { exitCode, printed, told } = await saywhen("export customer:1");
    assert.deepEqual([exitCode, told], [0, ""]);
    const begins = printed.split("\n").map((line) => line.slice(0, 12));
    const each = '{"position":';
    assert.deepEqual(begins, ['{"subject":"', each, each, each, '],"addresses', '],"evidence"', "]}"]);
    const { subject, changes, ...rest } = JSON.parse(printed) as Record<string, unknown>;
    assert.deepEqual([subject, (changes as unknown[]).length], ["customer:1", 3]);
    for (const name of ["addresses", "suppressions", "evidence"]) assert.deepEqual(rest[name], []);
  });

  it("says so when nothing is recorded, or nothing is there to read", async () => {
    using folder = temporaryFolder();
    const saywhen = await recorded(folder.path);
    const unknown = await saywhen("export customer:2");
    assert.deepEqual([unknown.exitCode, unknown.printed], [1, ""]);
    assert.match(unknown.told, /^Nothing is recorded about the subject\. /);
    const missing = await carryOut(["export", "customer:1"], { SAYWHEN_DATABASE: join(folder.path, "none.db") });
    assert.equal(missing.exitCode, 1);
    assert.match(missing.told, /^There is no database /);
    assert.equal((await saywhen("export customer:1 --json")).exitCode, 2);
  });
});
