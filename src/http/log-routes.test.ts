import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Service } from "../compose.ts";
import { continueLog } from "../service/continue-log.ts";
import { openKeyFiles } from "../storage/key-files.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { startInProcess, temporaryFolder } from "../../test/support/service.ts";

const tiles = ["tile/0/000.p/1", "tile/entries/000.p/1"];
const forGood = "public, max-age=31536000, immutable";

type Server = Service["server"];

function cacheOf({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): unknown {
  return headers["cache-control"];
}

async function assertNotThere(server: Server, url: string): Promise<void> {
  const answer = await server.inject(url);
  assert.equal(answer.statusCode, 404, url);
  assert.equal(cacheOf(answer), undefined);
}

/** Goes on with a log that nobody serves; answers the path at which it is found from then on. */
async function continued(file: string): Promise<string> {
  const store = await openSqliteStore({ file });
  try {
    const { origin } = await continueLog(store, openKeyFiles(`${file}.key`));
    return origin.slice(origin.indexOf("/"));
  } finally {
    await store.close();
  }
}

describe("the log's routes", () => {
  it("answer 503 for everything that is signed for while nothing is signed, and the rest as ever", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    await (await startInProcess({ file })).service.close();
    writeFileSync(`${file}.key.checkpoint`, "damaged\n");
    await using running = await startInProcess({ file });
    const { server, logStopped } = running.service;
    assert.match(logStopped ?? "", /saywhen\.db\.key\.checkpoint is damaged/);
    const signed = ["changes/0/receipt", "log/checkpoint", "log/tile/0/000.p/1", "log/tile/entries/000.p/1"];
    for (const path of signed) {
      const answer = await server.inject(`/v1/${path}`);
      assert.equal(answer.statusCode, 503);
      assert.match(answer.body, /#log-stopped"/);
      assert.equal(answer.headers["retry-after"], undefined);
    }
    assert.equal((await server.inject("/v1/log/key")).statusCode, 200);
    assert.equal((await server.inject("/readyz")).statusCode, 200);
    assert.match((await server.inject("/metrics")).body, /^saywhen_log_signing 0$/m);
  });

  it("let caches keep tiles for good, at the log's own address, whatever the log was continued as", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    {
      await using running = await startInProcess({ file });
      const { server } = running.service;
      await server.inject("/v1/log/checkpoint");
      for (const path of tiles) assert.equal(cacheOf(await server.inject(`/v1/log/${path}`)), forGood);
      for (const path of ["checkpoint", "key", ...tiles]) await assertNotThere(server, `/v1/log/0badcafe/${path}`);
    }
    const first = await continued(file);
    const second = await continued(file);
    await using running = await startInProcess({ file });
    const { server } = running.service;
    const [origin, , root] = (await server.inject("/v1/log/checkpoint")).body.split("\n");
    assert.equal(origin, `example.com${second}`);
    assert.equal((await server.inject(`${second}/checkpoint`)).body.split("\n")[2], root);
    for (const path of ["checkpoint", "key", ...tiles]) {
      const [own, plain] = [await server.inject(`${second}/${path}`), await server.inject(`/v1/log/${path}`)];
      assert.equal(own.statusCode, 200);
      assert.deepEqual(own.rawPayload, plain.rawPayload);
      const isTile = tiles.includes(path);
      assert.equal(cacheOf(own), isTile ? forGood : cacheOf(plain));
      if (isTile) assert.equal(cacheOf(plain), "no-cache");
      await assertNotThere(server, `${first}/${path}`);
    }
    for (const path of ["tile", "tile/0", "tile/key", "tile/tile/0/000.p/1", "tile/tile/entries/000.p/1"]) {
      await assertNotThere(server, `/v1/log/${path}`);
    }
  });

  it("compress bundles of entries for those who take that", async () => {
    await using running = await startInProcess();
    const { server } = running.service;
    await server.inject("/v1/log/checkpoint");
    const url = "/v1/log/tile/entries/000.p/1";
    const plain = await server.inject(url);
    assert.equal(plain.rawPayload.readUInt16BE(), plain.rawPayload.length - 2);
    for (const accepted of ["gzip", "deflate, GZIP ; q=1.000, br"]) {
      const packed = await server.inject({ url, headers: { "accept-encoding": accepted } });
      assert.equal(packed.headers["content-encoding"], "gzip");
      assert.deepEqual(gunzipSync(packed.rawPayload), plain.rawPayload);
    }
    for (const refused of ["", "gzip;q=0", "gzip;q=0.000", "gzipped", "br"]) {
      const answer = await server.inject({ url, headers: { "accept-encoding": refused } });
      assert.deepEqual(answer.rawPayload, plain.rawPayload);
    }
  });

  it("tell operations how far the log is, and how much of it is signed", async () => {
    await using running = await startInProcess();
    const { server } = running.service;
    const figures = async () => (await server.inject("/metrics")).body.match(/^saywhen_log_\w+ \d+$/gm);
    assert.deepEqual(await figures(), ["saywhen_log_signing 1", "saywhen_log_size 2", "saywhen_log_signed_size 0"]);
    await server.inject("/v1/log/checkpoint");
    assert.deepEqual(await figures(), ["saywhen_log_signing 1", "saywhen_log_size 2", "saywhen_log_signed_size 2"]);
  });
});
