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
      for (const each of [client("crm"), gone, client("app")]) await store.saveClient(each, undefined);
      assert.deepEqual(await store.clients(), [gone, client("app"), client("crm")]);
    });

    says("Adds or replaces the client with this id.", async (test) => {
      const store = await open(test);
      assert.equal(await store.saveClient(client("crm"), undefined), true);
      const rotated = client("crm", {
        scopes: ["admin", "decide"],
        secrets: [
          { createdAt: later, sha256: "new" },
          { createdAt: now, sha256: "old" },
        ],
      });
      assert.equal(await store.saveClient(rotated, client("crm")), true);
      assert.deepEqual(await store.clients(), [rotated]);
      const revoked: Client = { ...rotated, revokedAt: later, scopes: [], secrets: [] };
      assert.equal(await store.saveClient(revoked, (await store.clients())[0]), true);
      const again = { ...revoked, secrets: rotated.secrets };
      assert.equal(await store.saveClient(again, revoked), true);
      assert.deepEqual(await store.clients(), [again]);
    });

    says("Revoking a client (no secrets) drops its tokens in the same transaction.", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"), undefined);
      await store.saveClient(client("app"), undefined);
      await store.saveToken(token("1", later), now);
      await store.saveToken(token("2", later, "app"), now);
      await store.saveClient(client("app", { scopes: [] }), client("app"));
      await store.saveClient(client("crm", { revokedAt: now, scopes: [], secrets: [] }), client("crm"));
      assert.deepEqual(await store.tokens(now), [token("2", later, "app")]);
    });

    says("Where something else is stored under the id than the caller believes, nothing changes.", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"), undefined);
      await store.saveToken(token("1", later), now);
      const version = await store.clientsVersion();
      const gone = client("crm", { revokedAt: now, scopes: [], secrets: [] });
      const others = [
        client("crm", { createdAt: later }),
        client("crm", { revokedAt: later }),
        client("crm", { scopes: [] }),
        client("crm", { secrets: [{ createdAt: now, sha256: "another" }] }),
        gone,
      ];
      for (const before of [undefined, ...others]) assert.equal(await store.saveClient(gone, before), false);
      assert.equal(await store.saveClient(client("app"), client("app")), false, "there is none");
      assert.deepEqual(await store.clients(), [client("crm")]);
      assert.deepEqual(await store.tokens(now), [token("1", later)]);
      assert.equal(await store.clientsVersion(), version);
      const rivals = ["one", "two", "three"].map((sha256) => client("crm", { secrets: [{ createdAt: now, sha256 }] }));
      const saved = await Promise.all(rivals.map((rival) => store.saveClient(rival, client("crm"))));
      assert.equal(saved.filter(Boolean).length, 1);
      assert.deepEqual(await store.clients(), [rivals[saved.indexOf(true)]]);
    });

    says("Tokens that have not expired at this time (RFC 3339).", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"), undefined);
      await store.saveToken(token("1", later), now);
      assert.deepEqual(await store.tokens("2026-03-03T15:04:59.999Z"), [token("1", later)]);
      assert.deepEqual(await store.tokens(later), []);
    });

    says("Keeps a token, and drops those that have expired by this time.", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"), undefined);
      await store.saveToken(token("1", now), "2026-03-03T14:00:00.000Z");
      await store.saveToken(token("2", later), now);
      assert.deepEqual(await store.tokens("2026-01-01T00:00:00.000Z"), [token("2", later)]);
    });

    says("A token of a client without secrets is not kept.", async (test) => {
      const store = await open(test);
      await store.saveClient(client("crm"), undefined);
      await store.saveClient(client("old", { revokedAt: now, scopes: [], secrets: [] }), undefined);
      assert.equal(await store.saveToken(token("1", later, "old"), now), false);
      assert.equal(await store.saveToken(token("2", later, "nobody"), now), false);
      assert.equal(await store.saveToken(token("3", later), now), true);
      assert.deepEqual(await store.tokens(now), [token("3", later)]);
    });

    says("A number that is greater by one after each change of clients or tokens, by whatever node.", async (test) => {
      const store = await open(test);
      const before = await store.clientsVersion();
      const grown = async () => (await store.clientsVersion()) - before;
      await store.saveClient(client("crm"), undefined);
      assert.equal(await grown(), 1);
      await store.saveToken(token("1", later), now);
      assert.equal(await grown(), 2);
      await store.saveToken(token("2", later, "nobody"), now);
      await store.saveClient(client("crm"), undefined);
      await store.clients();
      assert.equal(await grown(), 2, "what was refused is no change");
      await store.saveClient(client("crm", { revokedAt: now, scopes: [], secrets: [] }), client("crm"));
      assert.equal(await grown(), 3);
    });
  });
}
