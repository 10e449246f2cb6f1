import assert from "node:assert/strict";
import { Socket } from "node:net";
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
    // One connection, on which a token comes after another: each is looked at anew.
    const socket = new Socket();
    const refusalOf = (bearer: string | undefined, now: number): string | undefined => {
      try {
        const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
        const request = { headers, raw: { socket } };
        admitAgain(route, request, { clients, rateLimit: undefined, now: () => now });
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
    assert.equal(refusalOf(undefined, began), "token-missing");
    assert.equal(refusalOf(secret, began), undefined);
    await revokeClient(clients, "crm", began);
    assert.equal(refusalOf(secret, began), "token-invalid");
  });
});
