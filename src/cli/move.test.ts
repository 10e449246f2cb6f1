import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { carryOut } from "../../test/support/commands.ts";

describe("saywhen move", () => {
  it("refuses an address that leaves open where the password ends, and repeats none of it", async () => {
    const addresses = ["postgres://u:12/hidden@h:5432/d", "postgres://u:hidden@h", "host=h password=hidden dbname=d"];
    for (const address of addresses) {
      for (const [option, other] of [
        ["--from", "--to"],
        ["--to", "--from"],
      ] as const) {
        const { exitCode, printed, told } = await carryOut(["move", option, address, other, "/nowhere/x.db"], {});
        assert.deepEqual([exitCode, printed], [2, ""]);
        assert.match(told, new RegExp(`${option} must be the path of a file, or .*percent-encoded`));
        assert(!told.includes("hidden"), told);
      }
    }
  });
});
