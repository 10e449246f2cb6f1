import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { put, streamOf } from "../../../test/contract/store-support.ts";
import { type PostgresServer, startPostgres } from "../../../test/support/postgres-server.ts";
import { startStandby } from "../../../test/support/standby.ts";
import { TcpProxy } from "../../../test/support/tcp-proxy.ts";
import { openPostgresRecords } from "./open-records.ts";
import { openPostgresStore } from "./postgres-store.ts";

const stream = streamOf("customer:1");
const ending = new AsyncDisposableStack();
let primary: PostgresServer;
let standby: PostgresServer;

before(async () => {
  primary = ending.use(await startPostgres());
  const store = await openPostgresStore({ url: await primary.createDatabase("words") });
  await put(store, stream, "a");
  await store.close();
  standby = ending.use(await startStandby(primary));
});
after(() => ending.disposeAsync());

/** The URL of the database by way of a proxy. */
function through(proxy: TcpProxy): string {
  const url = new URL(primary.url("words"));
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  return url.href;
}

async function proxied(test: TestContext): Promise<TcpProxy> {
  const proxy = await TcpProxy.before(primary.port);
  test.after(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

describe("a store whose address leads to a standby", () => {
  it("answers nothing until it leads to a primary again", async (test) => {
    const proxy = await proxied(test);
    const failures: string[] = [];
    const store = await openPostgresStore({ url: through(proxy), onError: (kind) => failures.push(kind) });
    test.after(() => store.close());
    proxy.target = standby.port;
    proxy.cut();
    await assert.rejects(store.newest([stream]));
    const reads = [() => store.newest([stream]), () => store.size(), () => store.userWithEmail("a@example.com")];
    for (const read of reads) await assert.rejects(read, /leads to a standby/);
    assert(failures.includes("readonly"), failures.join());
    proxy.target = primary.port;
    proxy.cut();
    assert.equal((await store.newest([stream]))[0]?.position, 0);
  });

  it("is not opened", async () => {
    await assert.rejects(openPostgresStore({ url: standby.url("words") }), /standby/);
  });

  it("is read as of one moment by whoever means to", async (test) => {
    const records = await openPostgresRecords(standby.url("words"));
    test.after(() => records.close());
    assert.equal((await records.newest([stream]))[0]?.position, 0);
  });

  it("does not answer where a pooler led there a connection that was the primary's", async () => {
    const none = "SELECT count(*) FROM saywhen.newest(''::bytea, ''::bytea)";
    await assert.rejects(standby.query(none, "words"), /a standby may be behind/);
  });
});
