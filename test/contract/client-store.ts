import assert from "node:assert/strict";
import { describe, type TestContext } from "node:test";
import type { Client, IssuedToken } from "../../src/domain/client.ts";
import { type AnyStore, type Exemptions, sentences } from "./store-support.ts";

const now = "2026-03-03T14:05:00.000Z";
const later = "2026-03-03T15:05:00.000Z";

function client(id: string, change: Partial<Client> = {}): Client {
  return {
    createdAt: now,
    id,
    scopes: ["customers:read"],
    secrets: [{ createdAt: now, sha256: `of ${id}` }],
    ...change,
  };
}

function token(sha256: string, expiresAt: string, of = "crm"): IssuedToken {
  return { client: of, expiresAt, scopes: ["customers:read"], sha256 };
}

/** The part of the contract that is about clients and tokens: src/service/client-store.ts. */
export function clientStoreContract(
  name: string,
  open: (test: TestContext) => Promise<AnyStore>,
  exempt: Exemptions,
): void {
  const says = sentences("client-store.ts", exempt);

  describe(`${name}: clients and tokens`, () => {
    says("Every client, the revoked ones too, in the order of their ids.", async (test) => {
      const store = await open(test);
      const gone: Client = { createdAt: now, id: "Zoe", revokedAt: later, scopes: [], secrets: [] };
      for (const each of [client("crm"), gone, client("app")]) await store.saveClient(each);
      assert.deepEqual(await store.clients(), [gone, client("app"), client("crm")]);
    });

    says("Adds or replaces the client with this id.", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"));
      const rotated = client("crm", {
        scopes: ["admin", "decide"],
        secrets: [
          { createdAt: later, sha256: "new" },
          { createdAt: now, sha256: "old" },
        ],
      });
      await store.saveClient(rotated);
      assert.deepEqual(await store.clients(), [rotated]);
    });

    says("Revoking a client (no secrets) drops its tokens in the same transaction.", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"));
      await store.saveClient(client("app"));
      await store.saveToken(token("1", later), now);
      await store.saveToken(token("2", later, "app"), now);
      await store.saveClient(client("app", { scopes: [] }));
      await store.saveClient(client("crm", { revokedAt: now, scopes: [], secrets: [] }));
      assert.deepEqual(await store.tokens(now), [token("2", later, "app")]);
    });

    says("Tokens that have not expired at this time (RFC 3339).", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"));
      await store.saveToken(token("1", later), now);
      assert.deepEqual(await store.tokens("2026-03-03T15:04:59.999Z"), [token("1", later)]);
      assert.deepEqual(await store.tokens(later), []);
    });

    says("Keeps a token, and drops those that have expired by this time.", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"));
      await store.saveToken(token("1", now), "2026-03-03T14:00:00.000Z");
      await store.saveToken(token("2", later), now);
      assert.deepEqual(await store.tokens("2026-01-01T00:00:00.000Z"), [token("2", later)]);
    });
  });
}
