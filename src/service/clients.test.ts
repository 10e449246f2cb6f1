import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Scope, scopes } from "../domain/client.ts";
import { limits } from "../domain/limits.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { addClient } from "./add-client.ts";
import type { ClientStore } from "./client-store.ts";
import type { ClientWithSecret } from "./client-view.ts";
import { ClientRegistry } from "./clients.ts";
import { ensureAdmin } from "./ensure-admin.ts";
import { issueToken, type Token } from "./issue-token.ts";
import { listClients } from "./list-clients.ts";
import type { Outcome } from "./outcome.ts";
import { revokeClient } from "./revoke-client.ts";
import { rotateClient } from "./rotate-client.ts";
import { sha256 } from "./secret.ts";

const now = Date.parse("2026-03-03T14:05:00.000Z");
const hour = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), "saywhen-clients-"));
after(() => rmSync(folder, { recursive: true }));

async function openStore(file = ":memory:") {
  return openSqliteStore({ file, clock: () => now });
}

async function openOn(store: ClientStore, at = now): Promise<ClientRegistry> {
  return ClientRegistry.open(store, { clock: () => at });
}

async function openRegistry(): Promise<ClientRegistry> {
  return openOn(await openStore());
}

function valueOf<Value>(outcome: Outcome<Value>): Value {
  if ("rejected" in outcome) assert.fail(outcome.rejected.problem);
  return outcome.value;
}

function problemOf(outcome: Outcome<unknown>): string {
  return "rejected" in outcome ? outcome.rejected.problem : "none";
}

async function add(registry: ClientRegistry, id: string, ...given: Scope[]): Promise<ClientWithSecret> {
  return valueOf(await addClient(registry, { id, scopes: given }, now));
}

async function issue(registry: ClientRegistry, clientId: string, secret: string, asked?: Scope[]): Promise<Token> {
  const wish = { clientId, secret, ...(asked === undefined ? {} : { scopes: asked }) };
  return valueOf(await issueToken(registry, wish, now));
}

describe("a client", () => {
  it("is known by its secret, which is told once and of which nothing is kept but the digest", async () => {
    const store = await openStore();
    const registry = await openOn(store);
    const { client, secret } = await add(registry, "crm", "customers:write", "customers:read");
    assert.match(secret, /^saywhen_[\w-]{43}$/);
    assert.deepEqual(client, {
      id: "crm",
      scopes: ["customers:read", "customers:write"],
      createdAt: "2026-03-03T14:05:00.000Z",
      secrets: [{ createdAt: "2026-03-03T14:05:00.000Z" }],
    });
    assert.equal(registry.authenticate(sha256(secret), now)?.id, "crm");
    assert.deepEqual(registry.authenticate(sha256(secret), now)?.scopes, ["customers:read", "customers:write"]);
    assert.ok(!JSON.stringify([await store.clients(), registry.clients()]).includes(secret.slice(8)));
    assert.doesNotMatch(JSON.stringify(await listClients(registry)), /sha256|[0-9a-f]{64}/);
  });

  it("is not known by anything else", async () => {
    const registry = await openRegistry();
    const { secret } = await add(registry, "crm", "admin");
    const digest = registry.client("crm")?.secrets[0]?.sha256 ?? "";
    for (const text of [
      "",
      "crm",
      secret.slice(0, -1),
      `${secret}a`,
      secret.toUpperCase(),
      digest,
      "é",
      "a".repeat(9_999),
    ]) {
      assert.equal(registry.authenticate(sha256(text), now), undefined);
    }
  });

  it("is refused with everything that is wrong about it", async () => {
    const registry = await openRegistry();
    const outcome = await addClient(registry, { id: "a b", scopes: ["customers:read", "root", ""] }, now);
    assert.ok("rejected" in outcome);
    assert.deepEqual(
      outcome.rejected.faults.map(({ problem, path }) => [problem, ...path]),
      [
        ["value-invalid", "id"],
        ["scope-invalid", "scopes", 1],
        ["scope-invalid", "scopes", 2],
      ],
    );
    for (const id of ["", "a".repeat(65), "a\n", "ä", "a/b", "crm\0"]) {
      assert.equal(problemOf(await addClient(registry, { id, scopes: ["admin"] }, now)), "invalid", id);
    }
    assert.equal(problemOf(await addClient(registry, { id: "crm", scopes: [] }, now)), "invalid");
    assert.deepEqual(registry.clients(), []);
  });

  it("has an id that is nobody else's for good, revoked or not, and is not the operator's or the service's", async () => {
    const registry = await openRegistry();
    await add(registry, "crm", "changes");
    assert.equal(problemOf(await addClient(registry, { id: "crm", scopes: ["admin"] }, now)), "client-taken");
    valueOf(await revokeClient(registry, "crm", now));
    assert.equal(problemOf(await addClient(registry, { id: "crm", scopes: ["admin"] }, now)), "client-taken");
    for (const id of ["admin", "saywhen"]) {
      assert.equal(problemOf(await addClient(registry, { id, scopes: ["admin"] }, now)), "client-taken");
    }
  });

  it("is added once when several ask for one id at the same time", async () => {
    const registry = await openRegistry();
    const wish = { id: "crm", scopes: ["changes"] };
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => addClient(registry, wish, now)));
    assert.deepEqual(outcomes.map(problemOf).sort(), [...Array<string>(4).fill("client-taken"), "none"]);
  });

  it("keeps its newest old secret at a rotation, and loses the one before", async () => {
    const registry = await openRegistry();
    const first = (await add(registry, "crm", "changes")).secret;
    const second = valueOf(await rotateClient(registry, "crm", now + 1)).secret;
    assert.ok(registry.authenticate(sha256(first), now) && registry.authenticate(sha256(second), now));
    const third = valueOf(await rotateClient(registry, "crm", now + 2));
    assert.equal(registry.authenticate(sha256(first), now), undefined);
    assert.ok(registry.authenticate(sha256(second), now) && registry.authenticate(sha256(third.secret), now));
    assert.deepEqual(
      third.client.secrets.map(({ createdAt }) => createdAt),
      ["2026-03-03T14:05:00.002Z", "2026-03-03T14:05:00.001Z"],
    );
    assert.equal(problemOf(await rotateClient(registry, "shop", now)), "client-unknown");
  });

  it("is worth nothing once it is revoked, neither by secret nor by token, now or after a restart", async () => {
    const store = await openStore();
    const registry = await openOn(store);
    const { secret } = await add(registry, "crm", "changes");
    const { token } = await issue(registry, "crm", secret);
    valueOf(await revokeClient(registry, "crm", now));
    for (const at of [registry, await openOn(store)]) {
      assert.equal(at.authenticate(sha256(secret), now), undefined);
      assert.equal(at.authenticate(sha256(token), now), undefined);
      assert.equal(at.client("crm")?.revokedAt, "2026-03-03T14:05:00.000Z");
      assert.deepEqual(at.client("crm")?.scopes, []);
    }
    assert.equal(problemOf(await rotateClient(registry, "crm", now)), "client-unknown");
    assert.equal(problemOf(await issueToken(registry, { clientId: "crm", secret }, now)), "client-unknown");
    assert.equal(valueOf(await revokeClient(registry, "crm", now + 1)).revokedAt, "2026-03-03T14:05:00.000Z");
    assert.equal(problemOf(await revokeClient(registry, "shop", now)), "client-unknown");
  });

  it("cannot be revoked while it is the last with the scope admin, whoever asks at the same time", async () => {
    const registry = await openRegistry();
    await add(registry, "one", "admin");
    await add(registry, "two", "admin");
    const outcomes = await Promise.all(["one", "two"].map((id) => revokeClient(registry, id, now)));
    assert.deepEqual(outcomes.map(problemOf), ["none", "admin-last"]);
  });

  it("is still known after the process was ended and started again", async () => {
    const file = join(folder, "restart.db");
    const before = await openStore(file);
    const registry = await openOn(before);
    const { secret } = await add(registry, "crm", "changes", "decide");
    const { token } = await issue(registry, "crm", secret, ["decide"]);
    await before.close();
    const again = await openStore(file);
    const reopened = await openOn(again, now + hour - 1);
    assert.deepEqual(reopened.authenticate(sha256(secret), now)?.scopes, ["decide", "changes"]);
    assert.deepEqual(reopened.authenticate(sha256(token), now)?.scopes, ["decide"]);
    await again.close();
  });

  it("is not in force when the storage did not take it", async () => {
    const store = await openStore();
    const registry = await openOn(store);
    const { secret } = await add(registry, "crm", "changes");
    await store.close();
    await assert.rejects(addClient(registry, { id: "shop", scopes: ["changes"] }, now));
    await assert.rejects(revokeClient(registry, "crm", now));
    assert.equal(registry.client("shop"), undefined);
    assert.ok(registry.authenticate(sha256(secret), now));
  });
});

describe("a token", () => {
  it("lives for an hour, to the millisecond", async () => {
    const registry = await openRegistry();
    const { secret } = await add(registry, "crm", "changes");
    const { token, expiresIn } = await issue(registry, "crm", secret);
    assert.equal(expiresIn, 3600);
    assert.equal(registry.authenticate(sha256(token), now + hour - 1)?.id, "crm");
    assert.equal(registry.authenticate(sha256(token), now + hour), undefined);
  });

  it("has the client's scopes, or those of them that were asked for", async () => {
    const registry = await openRegistry();
    const { secret } = await add(registry, "crm", "changes", "decide", "audience");
    assert.deepEqual((await issue(registry, "crm", secret)).scopes, ["decide", "audience", "changes"]);
    const { token, scopes: given } = await issue(registry, "crm", secret, ["changes", "decide", "changes"]);
    assert.deepEqual(given, ["decide", "changes"]);
    assert.deepEqual(registry.authenticate(sha256(token), now)?.scopes, ["decide", "changes"]);
    for (const asked of [["admin"], ["decide", "admin"], ["all"], [""]]) {
      const wish = { clientId: "crm", secret, scopes: asked };
      assert.equal(problemOf(await issueToken(registry, wish, now)), "scope-invalid");
    }
  });

  it("is given for the client's own secret alone: not for another's, nor for a token", async () => {
    const registry = await openRegistry();
    const crm = await add(registry, "crm", "changes");
    const shop = await add(registry, "shop", "changes");
    const { token } = await issue(registry, "crm", crm.secret);
    for (const [clientId, secret] of [
      ["crm", shop.secret],
      ["crm", token],
      ["crm", ""],
      ["", crm.secret],
    ] as const) {
      assert.equal(problemOf(await issueToken(registry, { clientId, secret }, now)), "client-unknown");
    }
  });

  it("is not given by a revocation's loser: one that is asked for at the same time dies with the client", async () => {
    const registry = await openRegistry();
    const { secret } = await add(registry, "crm", "changes");
    const revoked = revokeClient(registry, "crm", now);
    assert.equal(problemOf(await issueToken(registry, { clientId: "crm", secret }, now)), "client-unknown");
    await revoked;
  });

  it("gives way, the oldest first, when its client asks for too many", async () => {
    const registry = await openRegistry();
    const { secret } = await add(registry, "crm", "changes");
    const tokens: string[] = [];
    for (let count = 0; count <= limits.clientTokensMax; count++)
      tokens.push((await issue(registry, "crm", secret)).token);
    assert.equal(registry.authenticate(sha256(tokens[0] ?? ""), now), undefined);
    assert.ok(tokens.slice(1).every((token) => registry.authenticate(sha256(token), now)));
  });
});

describe("the admin client", () => {
  async function startWith(store: ClientStore, adminToken?: string) {
    const registry = await openOn(store);
    const token = await ensureAdmin(registry, adminToken === undefined ? {} : { adminToken }, now);
    return { registry, token };
  }
  const given = "a token that the operator chose for the service";

  it("is made at the first start, with every scope, and its token told once", async () => {
    const store = await openStore();
    const { registry, token = "" } = await startWith(store);
    assert.deepEqual(registry.authenticate(sha256(token), now)?.id, "admin");
    assert.deepEqual(registry.authenticate(sha256(token), now)?.scopes, scopes);
    const second = await startWith(store);
    assert.equal(second.token, undefined);
    assert.ok(second.registry.authenticate(sha256(token), now));
  });

  it("is made although other clients were added before the first start", async () => {
    const store = await openStore();
    await add(await openOn(store), "crm", "changes");
    assert.notEqual((await startWith(store)).token, undefined);
  });

  it("has the token of the settings as its only secret, and no tokens left from before", async () => {
    const store = await openStore();
    const { registry, token: old = "" } = await startWith(store);
    const { token: hourly } = await issue(registry, "admin", old);
    const { registry: next, token } = await startWith(store, given);
    assert.equal(token, undefined);
    assert.deepEqual(next.authenticate(sha256(given), now)?.scopes, scopes);
    assert.equal(next.authenticate(sha256(old), now), undefined);
    assert.equal(next.authenticate(sha256(hourly), now), undefined);
    assert.equal(next.client("admin")?.createdAt, "2026-03-03T14:05:00.000Z");
  });

  it("keeps its tokens when the settings did not change, and comes back when it was revoked", async () => {
    const store = await openStore();
    const { registry } = await startWith(store, given);
    const { token: hourly } = await issue(registry, "admin", given);
    const { registry: next } = await startWith(store, given);
    assert.ok(next.authenticate(sha256(hourly), now));
    await add(next, "second", "admin");
    valueOf(await revokeClient(next, "admin", now));
    const { registry: last } = await startWith(store, given);
    assert.equal(last.authenticate(sha256(given), now)?.id, "admin");
    assert.equal(last.client("admin")?.revokedAt, undefined);
  });

  it("cannot have another client's secret", async () => {
    const store = await openStore();
    const { secret } = await add(await openOn(store), "crm", "changes");
    await assert.rejects(startWith(store, secret), { name: "AdminTokenUnusable", message: /client crm/ });
  });
});
