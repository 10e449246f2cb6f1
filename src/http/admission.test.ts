import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openOwnApi } from "../../test/support/own-api.ts";
import { addClient } from "../service/add-client.ts";
import { issueToken } from "../service/issue-token.ts";
import { revokeClient } from "../service/revoke-client.ts";
import { admitAgain } from "./admission.ts";
import { Refusal, type Route } from "./route.ts";

const hourMs = 3_600_000;

const route: Route = {
  method: "GET",
  path: "/",
  family: "own",
  scope: "decide",
  summary: "",
  shapes: {},
  handle: () => ({ status: 200 }),
};

describe("who was let in", () => {
  it("may go on until its token expires or its client is revoked, and in a scope that the token has", async () => {
    await using api = await openOwnApi();
    const { clients } = api;
    const began = Date.now();
    const added = await addClient(clients, { id: "crm", scopes: ["decide", "changes"] }, began);
    assert("value" in added);
    const { secret } = added.value;
    const tokenOf = async (scope: string) => {
      const issued = await issueToken(clients, { clientId: "crm", secret, scopes: [scope] }, began);
      assert("value" in issued);
      return issued.value.token;
    };
    const refusalOf = (bearer: string, now: number): string | undefined => {
      try {
        admitAgain(route, { authorization: `Bearer ${bearer}` }, { clients, rateLimit: undefined, now: () => now });
        return undefined;
      } catch (error) {
        assert(error instanceof Refusal);
        return error.problem;
      }
    };
    const token = await tokenOf("decide");
    assert.equal(refusalOf(token, began + hourMs - 1), undefined);
    assert.equal(refusalOf(token, began + hourMs), "token-invalid");
    assert.equal(refusalOf(await tokenOf("changes"), began), "scope-missing");
    assert.equal(refusalOf(secret, began + hourMs), undefined);
    await revokeClient(clients, "crm", began);
    assert.equal(refusalOf(secret, began), "token-invalid");
  });
});
