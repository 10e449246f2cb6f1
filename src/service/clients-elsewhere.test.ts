import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Scope } from "../domain/client.ts";
import { limits } from "../domain/limits.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { addClient } from "./add-client.ts";
import type { ClientStore } from "./client-store.ts";
import { ClientRegistry, type RegistryOptions } from "./clients.ts";
import { ensureAdmin } from "./ensure-admin.ts";
import { issueToken } from "./issue-token.ts";
import { listClients } from "./list-clients.ts";
import type { Outcome } from "./outcome.ts";
import { readClient } from "./read-client.ts";
import { revokeClient } from "./revoke-client.ts";
import { rotateClient } from "./rotate-client.ts";
import { StoreUnavailable } from "./store.ts";
import { sha256 } from "./secret.ts";

const now = Date.parse("2026-03-03T14:05:00.000Z");

function valueOf<Value>(outcome: Outcome<Value>): Value {
  if ("rejected" in outcome) assert.fail(outcome.rejected.problem);
  return outcome.value;
}

/** The way from the nodes to the storage that they share: it counts what passes, and can be held up or cut. */
class Way implements ClientStore {
  readonly #store: SqliteStore;
  looks = 0;
  loads = 0;
  /** Awaited by the next look once it has seen what is stored. */
  delay: Promise<void> | undefined;
  isCut = false;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  clients() {
    this.loads += 1;
    return this.#store.clients();
  }

  async clientsVersion() {
    this.looks += 1;
    if (this.isCut) throw new StoreUnavailable("the connection was cut");
    const { delay: wait } = this;
    this.delay = undefined;
    const version = await this.#store.clientsVersion();
    await wait;
    return version;
  }

  saveClient(...args: Parameters<ClientStore["saveClient"]>) {
    return this.#store.saveClient(...args);
  }

  tokens(now: string) {
    return this.#store.tokens(now);
  }

  saveToken(...args: Parameters<ClientStore["saveToken"]>) {
    return this.#store.saveToken(...args);
  }
}

async function openStore(test: TestContext): Promise<Way> {
  const store = await openSqliteStore({ file: ":memory:" });
  test.after(() => store.close());
  return new Way(store);
}

async function open(test: TestContext, store: ClientStore, options: RegistryOptions = {}): Promise<ClientRegistry> {
  const registry = await ClientRegistry.open(store, { clock: () => now, ...options });
  test.after(() => registry.close());
  return registry;
}

/** Two nodes over one storage, and the client `crm`, which both know. */
async function openTwo(test: TestContext, options: RegistryOptions = {}) {
  const store = await openStore(test);
  const here = await open(test, store);
  const { secret } = await add(here, "crm", "changes", "decide");
  const there = await open(test, store, options);
  return { store, here, there, secret };
}

async function add(registry: ClientRegistry, id: string, ...scopes: Scope[]) {
  return valueOf(await addClient(registry, { id, scopes }, now));
}

/** As admission does: one who is not known is looked for. */
async function knows(registry: ClientRegistry, bearer: string): Promise<boolean> {
  if (registry.authenticate(sha256(bearer), now) !== undefined) return true;
  await registry.look();
  return registry.authenticate(sha256(bearer), now) !== undefined;
}

describe("what another node has changed", () => {
  it("is accepted at once: a secret, a rotated one, and a token", async (test) => {
    const { here, there, secret } = await openTwo(test);
    assert.ok(await knows(there, (await add(here, "shop", "changes")).secret));
    const rotated = valueOf(await rotateClient(here, "crm", now)).secret;
    const { token } = valueOf(await issueToken(here, { clientId: "crm", secret, scopes: ["decide"] }, now));
    assert.ok(await knows(there, token));
    assert.deepEqual(there.authenticate(sha256(token), now)?.scopes, ["decide"]);
    assert.ok(there.authenticate(sha256(rotated), now), "all that was changed is taken over in one look");
    const fresh = valueOf(await rotateClient(here, "shop", now)).secret;
    valueOf(await issueToken(there, { clientId: "shop", secret: fresh }, now));
  });

  it("is shown at once to who manages clients", async (test) => {
    const { here, there } = await openTwo(test);
    await add(here, "shop", "changes");
    assert.deepEqual(
      (await listClients(there)).map(({ id }) => id),
      ["crm", "shop"],
    );
    valueOf(await revokeClient(here, "shop", now));
    assert.ok(valueOf(await readClient(there, "shop")).revokedAt);
  });

  it("holds within a second: a revocation, a secret that was rotated away, a token of a revoked client", async (test) => {
    const { here, there, secret } = await openTwo(test);
    const shop = await add(here, "shop", "changes");
    const { token } = valueOf(await issueToken(there, { clientId: "crm", secret }, now));
    assert.ok(await knows(there, shop.secret));
    await rotateClient(here, "shop", now);
    await rotateClient(here, "shop", now);
    valueOf(await revokeClient(here, "crm", now));
    await delay(limits.clientsFollowMs + 200);
    for (const old of [secret, token, shop.secret]) assert.equal(there.authenticate(sha256(old), now), undefined);
  });

  it("is looked for by one small question, which those who present what nobody knows share", async (test) => {
    const { store, there } = await openTwo(test);
    await there.look();
    const { looks, loads } = store;
    const answers = await Promise.all(Array.from({ length: 500 }, (_, each) => knows(there, `wrong ${each}`)));
    assert.ok(answers.every((isKnown) => !isKnown));
    assert.ok(store.looks - looks <= 2, `${store.looks - looks} looks`);
    assert.equal(store.loads, loads, "nothing has changed, so nothing is loaded");
  });

  it("is looked for no oftener for those who try one secret after the other", async (test) => {
    const { store, there } = await openTwo(test);
    const { looks } = store;
    const start = performance.now();
    for (let each = 0; each < 6; each += 1) assert.ok(!(await knows(there, `wrong ${each}`)));
    // Timers of Node may be a millisecond early.
    assert.ok(performance.now() - start > 5 * limits.clientsLookMs - 10);
    assert.ok(store.looks - looks >= 6);
  });

  it("is seen by who asks while a look is going on that began before the change", async (test) => {
    const { store, here, there } = await openTwo(test);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    store.delay = held;
    const early = knows(there, "wrong");
    while (store.delay !== undefined) await delay(1);
    const { secret } = await add(here, "shop", "changes");
    const late = knows(there, secret);
    release();
    assert.deepEqual(await Promise.all([early, late]), [false, true]);
  });

  it("is not loaded for what this node has changed itself", async (test) => {
    const { store, here, secret } = await openTwo(test);
    const { loads } = store;
    valueOf(await issueToken(here, { clientId: "crm", secret }, now));
    valueOf(await rotateClient(here, "crm", now));
    await here.look();
    assert.equal(store.loads, loads);
  });

  it("is looked for again after a look has failed; that is told once, and nobody who is known is shut out", async (test) => {
    const told: unknown[] = [];
    const { store, here, there, secret } = await openTwo(test, { onError: (error) => told.push(error) });
    store.isCut = true;
    await assert.rejects(knows(there, "wrong"), StoreUnavailable);
    assert.ok(await knows(there, secret));
    await delay(2 * limits.clientsFollowMs + 200);
    assert.equal(told.length, 1);
    store.isCut = false;
    valueOf(await revokeClient(here, "crm", now));
    await delay(limits.clientsFollowMs + 200);
    assert.equal(there.authenticate(sha256(secret), now), undefined);
  });

  it("is taken over whole once the store has been away: it may be an older one that has counted as far", async (test) => {
    const { store, there } = await openTwo(test);
    await there.look();
    const { loads } = store;
    store.isCut = true;
    await assert.rejects(there.look(), StoreUnavailable);
    store.isCut = false;
    await there.look();
    assert.equal(store.loads, loads + 1);
  });

  it("is followed no longer once the registry is closed", async (test) => {
    const { store, here, there } = await openTwo(test);
    here.close();
    there.close();
    const { looks } = store;
    await delay(limits.clientsFollowMs + 200);
    assert.equal(store.looks, looks);
  });
});

describe("two nodes that change clients at the same time", () => {
  it("lose no change: neither of two rotations, nor a revocation beside them", async (test) => {
    const { here, there, secret } = await openTwo(test);
    const rotations = await Promise.all([here, there].map((registry) => rotateClient(registry, "crm", now)));
    const [one = "", other = ""] = rotations.map((outcome) => valueOf(outcome).secret);
    for (const registry of [here, there]) {
      await registry.look();
      assert.ok(registry.authenticate(sha256(one), now) && registry.authenticate(sha256(other), now));
      assert.equal(registry.authenticate(sha256(secret), now), undefined);
    }
    const [, rotated] = await Promise.all([revokeClient(here, "crm", now), rotateClient(there, "crm", now)]);
    await Promise.all([here.look(), there.look()]);
    const late = "value" in rotated ? rotated.value.secret : one;
    for (const registry of [here, there]) {
      assert.ok(registry.client("crm")?.revokedAt);
      for (const old of [one, other, late]) assert.equal(registry.authenticate(sha256(old), now), undefined);
    }
  });

  it("give an id to one client, and change one that was added elsewhere a moment ago", async (test) => {
    const { here, there } = await openTwo(test);
    const wish = { id: "shop", scopes: ["changes"] };
    const outcomes = await Promise.all([here, there].map((registry) => addClient(registry, wish, now)));
    assert.equal(outcomes.filter((outcome) => "value" in outcome).length, 1);
    valueOf(await rotateClient("value" in (outcomes[0] as object) ? there : here, "shop", now));
  });

  it("keep no token for a client that was revoked meanwhile", async (test) => {
    const { here, there, secret } = await openTwo(test);
    valueOf(await revokeClient(here, "crm", now));
    assert.ok(there.authenticate(sha256(secret), now), "it has not been looked for yet");
    const outcome = await issueToken(there, { clientId: "crm", secret }, now);
    assert.equal("rejected" in outcome && outcome.rejected.problem, "client-unknown");
  });
});

describe("the first start of two nodes at once", () => {
  it("makes one admin, and one of them tells its token", async (test) => {
    const store = await openStore(test);
    const nodes = await Promise.all([open(test, store), open(test, store)]);
    const tokens = await Promise.all(nodes.map((registry) => ensureAdmin(registry, {}, now)));
    const told = tokens.filter((token) => token !== undefined);
    assert.equal(told.length, 1);
    for (const registry of nodes) assert.ok(await knows(registry, told[0] ?? ""));
  });

  it("sets the token of the settings on both, also in place of another, with no tokens left from before", async (test) => {
    const store = await openStore(test);
    let old = "the first token that the operator chose";
    for (const adminToken of [old, "the second token that the operator chose"]) {
      const nodes = await Promise.all([open(test, store), open(test, store)]);
      await Promise.all(nodes.map((registry) => ensureAdmin(registry, { adminToken }, now)));
      for (const registry of nodes) {
        assert.ok(await knows(registry, adminToken));
        assert.equal(registry.client("admin")?.secrets.length, 1);
        if (old !== adminToken) assert.equal(await knows(registry, old), false);
      }
      const issued = await issueToken(nodes[0], { clientId: "admin", secret: adminToken }, now);
      old = valueOf(issued).token;
    }
  });
});
