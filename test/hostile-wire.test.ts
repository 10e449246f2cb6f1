import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "../src/domain/limits.ts";
import { customersError, organisationsError } from "./support/errors.ts";
import { type Act, converse, endOfSending } from "./support/raw.ts";
import { startListening } from "./support/service.ts";
import { credentials, customerPath, organisationPath, rawRequest, startTarget, type Target } from "./support/target.ts";

// Requests whose lengths, framing or pace are not what they should be, byte by byte over a real socket.

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const empty = '{"preferences":[]}';

const isJson = "Content-Type: application/json";
const lengthOf = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}`;
const putLine = `PUT ${customerPath} HTTP/1.1`;
const validPut = rawRequest(putLine, [isJson, lengthOf(empty)], empty);

describe("lengths", () => {
  it("10 MB are 413, told before they have all been sent", async () => {
    for (const [path, assertShape] of [
      [customerPath, customersError],
      [organisationPath, organisationsError],
    ] as const) {
      const acts = [
        rawRequest(`PUT ${path} HTTP/1.1`, [isJson, `Content-Length: ${10 * 1024 * 1024}`]),
        Buffer.alloc(64 * 1024, 0x20),
      ];
      const { text, statuses } = await converse(target.running.url, acts);
      assert.deepEqual(statuses, [413]);
      assertShape(
        { status: 413, headers: { "content-type": "application/json" }, body: text.split("\r\n\r\n")[1] ?? "" },
        413,
      );
    }
    await target.isUnchanged();
  });

  it("a chunked body is stopped at the limit", async () => {
    const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
    const { statuses } = await converse(target.running.url, [
      rawRequest(putLine, [isJson, "Transfer-Encoding: chunked"]),
      ...Array.from({ length: 160 }, () => chunk),
    ]);
    assert.deepEqual(statuses, [413]);
    await target.isUnchanged();
  });

  it("a chunked body is taken", async () => {
    await using other = await startTarget();
    const chunks = [...empty].map((character) => `1\r\n${character}\r\n`).join("");
    const { statuses } = await converse(other.running.url, [
      rawRequest(putLine, [isJson, "Transfer-Encoding: chunked", "Connection: close"], `${chunks}0\r\n\r\n`),
    ]);
    assert.deepEqual(statuses, [200]);
  });

  const lies: Readonly<Record<string, readonly Act[]>> = {
    "a Content-Length larger than what came": [
      rawRequest(putLine, [isJson, "Content-Length: 1000"], empty),
      endOfSending,
    ],
    "a body that ends early within a chunk": [
      rawRequest(putLine, [isJson, "Transfer-Encoding: chunked"], `ff\r\n${empty}`),
      endOfSending,
    ],
    "a Content-Length smaller than what came": [rawRequest(putLine, [isJson, "Content-Length: 10"], empty)],
    "two Content-Lengths": [rawRequest(putLine, [isJson, lengthOf(empty), "Content-Length: 5"], empty)],
    "a Content-Length and chunks": [
      rawRequest(putLine, [isJson, lengthOf(empty), "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    ],
    "a negative Content-Length": [rawRequest(putLine, [isJson, "Content-Length: -1"], empty)],
    "a Content-Length in hexadecimal": [rawRequest(putLine, [isJson, "Content-Length: 0x12"], empty)],
    "a chunk size that is none": [
      rawRequest(putLine, [isJson, "Transfer-Encoding: chunked"], `zz\r\n${empty}\r\n0\r\n\r\n`),
    ],
    "an unknown transfer encoding": [rawRequest(putLine, [isJson, "Transfer-Encoding: gzip"], empty)],
    "a header with a NUL": [rawRequest(putLine, [isJson, lengthOf(empty), "X: a\u0000b"], empty)],
    "a header without a name": [rawRequest(putLine, [isJson, ": x", lengthOf(empty)], empty)],
    "a header that is folded": [rawRequest(putLine, [isJson, "ClientId: admin\r\n folded", lengthOf(empty)], empty)],
    "headers of 100 KB": [rawRequest(putLine, [isJson, `X: ${"x".repeat(100_000)}`, lengthOf(empty)], empty)],
    "no Host": [
      `${putLine}\r\n${credentials()
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}${isJson}\r\n${lengthOf(empty)}\r\n\r\n${empty}`,
    ],
    "a method that nobody knows": [rawRequest(`BREW ${customerPath} HTTP/1.1`)],
    "a version that nobody knows": [rawRequest(`PUT ${customerPath} HTTP/9.9`, [isJson, lengthOf(empty)], empty)],
    garbage: [Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03])],
    "a line without an end, in megabytes": [`GET /${"x".repeat(1_000_000)}`],
  };
  for (const [what, acts] of Object.entries(lies)) {
    it(`${what} is refused, the connection closed`, async () => {
      const { statuses, hungUp } = await converse(target.running.url, acts);
      assert.equal(hungUp, false, "the server keeps the connection");
      assert.ok(
        statuses.every((status) => status >= 400 && status < 500),
        String(statuses),
      );
      await target.isUnchanged();
    });
  }

  it("a client that goes away in the middle of a request leaves no trace", async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => converse(target.running.url, [validPut.slice(0, -1 - n * 9)], 20)),
    );
    await target.isUnchanged();
  });
});

describe("pipelines and half-closed connections", () => {
  it("requests on one connection are answered in their order", async () => {
    const get = (id: number) => rawRequest(`GET /v1/customers/${id}/communication-preferences HTTP/1.1`);
    const { text, statuses } = await converse(target.running.url, [
      get(1) + get(22) + rawRequest("GET /livez HTTP/1.1", ["Connection: close"]),
    ]);
    assert.deepEqual(statuses, [200, 200, 200]);
    assert.ok(
      text.indexOf("2125550100") < text.indexOf('"preferences":[]') &&
        text.indexOf('"preferences":[]') < text.indexOf("pass"),
    );
  });

  it("garbage behind a change does not make its answer a refusal while it is recorded", async () => {
    await using other = await startTarget();
    const { statuses } = await converse(other.running.url, [`${validPut}\x00\x01garbage\r\n\r\n`]);
    if (statuses[0] !== 200) await other.isUnchanged();
  });

  it("a refused body is not read as the next request", async () => {
    const hidden = rawRequest(`PUT ${customerPath} HTTP/1.1`, [isJson, lengthOf(empty)], empty);
    const { statuses } = await converse(target.running.url, [
      rawRequest(
        `PUT ${customerPath} HTTP/1.1`,
        ["Content-Type: text/plain", `Content-Length: ${hidden.length}`, "Connection: close"],
        hidden,
      ),
    ]);
    assert.deepEqual(statuses, [415]);
    await target.isUnchanged();
  });

  it("a client that has closed its half still gets its answer", async () => {
    const { statuses, text } = await converse(target.running.url, [
      rawRequest(`GET ${customerPath} HTTP/1.1`),
      endOfSending,
    ]);
    assert.deepEqual(statuses, [200]);
    assert.match(text, /2125550100/);
  });
});

describe("pace", () => {
  it("the limits are those of the one table", () => {
    const { server } = target.running.service.server;
    assert.deepEqual([server.headersTimeout, server.requestTimeout], [limits.headersMs, limits.requestMs]);
    assert.ok(limits.headersMs <= 30_000 && limits.requestMs <= 60_000);
  });

  it("slow headers, slow bodies, endless chunks and silent connections are ended, the others served meanwhile", async () => {
    // The table's limits would take half a minute; Node reads them at every look, so a test may shorten them.
    await using running = await startListening();
    const { server } = running.service.server;
    server.headersTimeout = 600;
    server.requestTimeout = 900;
    const trickle = (text: string): Act[] => [...text].flatMap((character): Act[] => [character, { pause: 150 }]);
    const slow = [
      converse(running.url, []),
      converse(running.url, ["PUT /v1/custo", { pause: 2500 }]),
      converse(running.url, trickle(validPut.slice(0, 20))),
      converse(running.url, [rawRequest(putLine, [isJson, "Content-Length: 40"]), ...trickle('{"preferences":[   ')]),
      converse(running.url, [
        rawRequest(putLine, [isJson, "Transfer-Encoding: chunked"]),
        ...trickle("1\r\n{\r\n1\r\n \r\n1\r\n "),
      ]),
    ];
    const quick = await converse(running.url, [rawRequest("GET /livez HTTP/1.1", ["Connection: close"])]);
    assert.deepEqual(quick.statuses, [200]);
    for (const [index, { hungUp, statuses, text }] of (await Promise.all(slow)).entries()) {
      assert.equal(hungUp, false, `connection ${index} is kept`);
      assert.ok(
        statuses.every((status) => status === 408),
        `connection ${index}: ${text}`,
      );
    }
    assert.equal(
      (await converse(running.url, [rawRequest(`GET ${customerPath} HTTP/1.1`, ["Connection: close"])])).text.includes(
        '"preferences":[]',
      ),
      true,
    );
  });

  it("what was refused as too slow is not done, though the rest of it comes", async () => {
    await using running = await startListening();
    const { server } = running.service.server;
    server.headersTimeout = 300;
    server.requestTimeout = 400;
    const half = Math.floor(validPut.length / 2);
    const headers = [isJson, `Content-Length: ${Buffer.byteLength(validPut)}`];
    const { text } = await converse(running.url, [
      rawRequest(putLine, headers),
      validPut.slice(0, half),
      { pause: 3000 },
      validPut.slice(half),
      { pause: 300 },
    ]);
    assert.match(text, /^HTTP\/1\.1 408 /);
    const after = await converse(running.url, [rawRequest(`GET ${customerPath} HTTP/1.1`, ["Connection: close"])]);
    assert.match(after.text, /"preferences":\[\]/);
  });

  it("200 connections that say nothing keep nobody out", async () => {
    const silent = Array.from({ length: 200 }, () => converse(target.running.url, ["GET "], 300));
    assert.equal((await target.get("/livez")).status, 200);
    await Promise.all(silent);
    await target.isUnchanged();
  });
});
