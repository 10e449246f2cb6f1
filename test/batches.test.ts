import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { after, before, describe, it, mock, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../src/domain/limits.ts";
import { overSocket, type ReceivedAnswer, type Transport } from "./support/exchange.ts";
import { converse, endOfSending } from "./support/raw.ts";
import { adminToken, type RunningService, startListening, temporaryFolder } from "./support/service.ts";
import { serve } from "./support/serving.ts";
import { credentials } from "./support/target.ts";

// Batches over real sockets: what is in them, how they come, and what becomes of clients that do not go on.

const ndjson = { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/x-ndjson" };
const contact = { category: "Service Exception", channel: "Text" };
const asked = (more: object = {}) => `${JSON.stringify({ question: { ...contact, ...more } })}\n`;
const line = (subject: string, more: object = {}) => `${JSON.stringify({ subject, ...contact, ...more })}\n`;
const neverAsked = (subject: string) => ({ subject, verdict: "withhold", reason: "never-asked" });
const optedIn = (subject: string) => ({ subject, verdict: "send", reason: "opted-in" });
const bphone = { value: "1233454567", type: "BPHONE" };

let running: RunningService;
let send: Transport;
before(async () => {
  running = await startListening();
  send = overSocket(running.url);
  await isReady(send);
  const selections = [{ ...bphone, is_opt_in: "Y" }];
  await put("/v1/customers/1/communication-preferences", {
    preferences: [{ category: contact.category, channels: [{ name: contact.channel, selections }] }],
  });
  const modules = [{ name: "News", preference: "Include" }];
  await put("/api/2/organisations/3/emailpreferences", {
    emailpreferences: { frequency: "Weekly", modules, alertservices: [{ name: "Email alert ABC", preference: "On" }] },
  });
});
after(() => running[Symbol.asyncDispose]());

async function isReady(transport: Transport): Promise<void> {
  while ((await transport({ method: "GET", target: "/readyz" })).status !== 200) await delay(10);
}

async function put(target: string, body: object): Promise<void> {
  const headers = credentials({ "Content-Type": "application/json" });
  const { status, body: told } = await send({ method: "PUT", target, headers, body: JSON.stringify(body) });
  assert.equal(status, 200, told);
}

function post(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<ReceivedAnswer> {
  return send({ method: "POST", target: "/v1/decisions", headers: Object.entries({ ...ndjson, ...headers }), body });
}

async function answersTo(body: string | Uint8Array): Promise<unknown[]> {
  const { status, headers, body: text } = await post(body);
  assert.equal(status, 200, text);
  assert.equal(headers["content-type"], "application/x-ndjson");
  return parsed(text);
}

function parsed(text: string): unknown[] {
  assert.ok(text === "" || text.endsWith("\n"));
  return text
    .split("\n")
    .slice(0, -1)
    .map((each) => JSON.parse(each) as unknown);
}

/** What is wrong with a line, in short: its number, the problem and the problems in it. */
function faultOf(answer: unknown): readonly [number, string, readonly string[]] {
  const { line: number, error } = answer as {
    readonly line: number;
    readonly error: { readonly type: string; readonly errors?: readonly { readonly problem: string }[] };
  };
  return [number, error.type.split("#")[1] ?? "", (error.errors ?? []).map(({ problem }) => problem)];
}

/** A batch that is under way. */
async function begun(
  test: TestContext,
  first: string,
  url = running.url,
): Promise<{ sending: ClientRequest; answer: IncomingMessage }> {
  const sending = httpRequest(`${url}/v1/decisions`, { method: "POST", headers: ndjson });
  sending.on("error", () => {});
  test.after(() => sending.destroy());
  sending.write(first);
  const [answer] = (await once(sending, "response")) as [IncomingMessage];
  answer.on("error", () => {});
  return { sending, answer };
}

async function whole(answer: IncomingMessage): Promise<{ readonly text: string; readonly isComplete: boolean }> {
  const parts: Buffer[] = [];
  answer.on("data", (part: Buffer) => parts.push(part));
  await closed(answer);
  return { text: Buffer.concat(parts).toString(), isComplete: answer.complete };
}

function closed(answer: IncomingMessage): Promise<void> {
  return new Promise((resolve) => answer.once("close", resolve));
}

/** Lets the timers run fast until something has happened. */
async function hastening<Value>(happening: Promise<Value>): Promise<Value> {
  let isOver = false;
  const over = happening.finally(() => (isOver = true));
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(100);
  }
  return over;
}

async function single(transport = send): Promise<number> {
  const headers = credentials({ "Content-Type": "application/json" });
  const body = JSON.stringify({ subject: "customer:1", ...contact });
  return (await transport({ method: "POST", target: "/v1/decisions", headers, body })).status;
}

/** What a process holds in memory. */
function residentBytes({ pid }: ChildProcess): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return pages * 4096;
}

describe("a batch of one question", () => {
  it("is answered in its order, each line as the question alone would be", async () => {
    const { headers, body } = await post(`${asked()}"customer:2"\n"customer:1"\n"customer:0001"\n"customer:1"`);
    assert.deepEqual(parsed(body), [
      neverAsked("customer:2"),
      optedIn("customer:1"),
      neverAsked("customer:0001"),
      optedIn("customer:1"),
    ]);
    assert.match(headers["saywhen-change"] ?? "", /^\d+$/);
    assert.equal(headers["cache-control"], "no-store");
  });

  it("takes any spelling of its lines, and passes over blank ones", async () => {
    const body = `\n${asked()}\r\n  "customer:1"\t\r\n"customer:\\u0031"\n \n"\\u0063ustomer:2"\n`;
    const expected = [optedIn("customer:1"), optedIn("customer:1"), neverAsked("customer:2")];
    assert.deepEqual(await answersTo(body), expected);
  });

  it("tells addresses, or all that there is to tell, when it is asked for", async () => {
    const subjects = '"customer:1"\n"customer:2"\n';
    const [first, second] = await answersTo(asked({ addresses: true }) + subjects);
    assert.deepEqual(first, { ...optedIn("customer:1"), addresses: [bphone] });
    assert.deepEqual(second, neverAsked("customer:2"));
    const [explained] = await answersTo(asked({ explain: true }) + subjects);
    const members = "subject verdict reason addresses change selections";
    assert.equal(Object.keys(explained as object).join(" "), members);
  });

  it("is answered from what was known then when its instant has passed, and from what is known now when not", async () => {
    assert.deepEqual(await answersTo(`${asked({ at: "2020-01-01T00:00:00Z" })}"customer:1"\n`), [
      neverAsked("customer:1"),
    ]);
    assert.deepEqual(await answersTo(`${asked({ at: "2920-01-01T00:00:00Z" })}"customer:1"\n`), [
      optedIn("customer:1"),
    ]);
  });

  it("may be about content, with how often", async () => {
    const question = { module: "News", metadata: {} };
    const body = `${JSON.stringify({ question })}\n"organisation:3"\n"user:5"\n"customer:1"\n`;
    const [first, second, third] = await answersTo(body);
    const whatever = await send({
      method: "POST",
      target: "/v1/decisions",
      headers: credentials({ "Content-Type": "application/json" }),
      body: JSON.stringify({ subject: "organisation:3", ...question }),
    });
    const { change: _change, ...alone } = JSON.parse(whatever.body) as { readonly change: number };
    assert.deepEqual(first, alone);
    assert.deepEqual(second, neverAsked("user:5"));
    assert.deepEqual(faultOf(third), [4, "invalid", ["value-invalid"]]);
  });

  it("goes on behind a line that is wrong, from the index and from the store", async () => {
    const tooLong = `"${"x".repeat(limits.lineBytes)}"`;
    const wrong = Buffer.from(["xx", "5", '"user:3"', tooLong, "x".repeat(300_000), '"customer:', "[]", ""].join("\n"));
    const body = (more: object) =>
      Buffer.concat([
        Buffer.from(asked(more)),
        wrong,
        Buffer.from([0x22, 0xff, 0x22, 0x0a]),
        Buffer.from('"customer:1"'),
      ]);
    for (const more of [{}, { addresses: true }]) {
      const told = await answersTo(body(more));
      const last = told.pop() as { readonly subject: string };
      assert.equal(last.subject, "customer:1");
      assert.deepEqual(told.map(faultOf), [
        [2, "body-malformed", ["body-malformed"]],
        [3, "invalid", ["value-invalid"]],
        [4, "invalid", ["value-invalid"]],
        [5, "limit-exceeded", ["limit-exceeded"]],
        [6, "limit-exceeded", ["limit-exceeded"]],
        [7, "body-malformed", ["body-malformed"]],
        [8, "invalid", ["value-invalid"]],
        [9, "body-malformed", ["body-malformed"]],
      ]);
    }
  });

  it("is refused as a whole when the question is wrong, with everything that is", async () => {
    const { status, headers, body } = await post(
      `{"question":{"category":"X","channel":"Text","x":1}}\n"customer:1"\n`,
    );
    assert.equal(status, 422);
    assert.match(headers["content-type"] ?? "", /^application\/problem\+json/);
    const { errors } = JSON.parse(body) as { readonly errors: readonly { readonly pointer: string }[] };
    assert.deepEqual(errors.map(({ pointer }) => pointer).toSorted(), ["#/question/category", "#/question/x"]);
    for (const [first, expected] of [
      ['{"question":5}', 422],
      ['{"question":{}}', 422],
      ['{"question":{},"x":1}', 422],
      ['{"question":', 400],
      ['"customer:1"', 422],
      ["[]", 422],
      ["x".repeat(70_000), 422],
      [asked({ at: "yesterday" }), 422],
      [asked({ subject: "customer:1" }), 422],
      ['{"question":{"alertService":"Email alert ABC","addresses":true}}', 422],
    ] as const) {
      assert.equal((await post(`${first}\n"customer:1"\n`)).status, expected, first.slice(0, 80));
    }
  });
});

describe("a batch in which each line asks its own question", () => {
  it("is answered in its order, with as much as each asks for", async () => {
    const body = [
      line("customer:1"),
      line("customer:1", { addresses: true }),
      line("customer:1", { at: "2020-01-01T00:00:00Z" }),
      '{"subject":"organisation:3","alertService":"Email alert ABC"}\n',
      "\n",
      line("customer:2"),
    ].join("");
    const [first, second, third, fourth, fifth] = await answersTo(body);
    assert.deepEqual(first, optedIn("customer:1"));
    assert.deepEqual(second, { ...optedIn("customer:1"), addresses: [bphone] });
    assert.deepEqual(third, neverAsked("customer:1"));
    assert.deepEqual(fourth, { subject: "organisation:3", verdict: "send", reason: "alert-on" });
    assert.deepEqual(fifth, neverAsked("customer:2"));
  });

  it("goes on behind a line that is wrong, and tells everything that is wrong with it", async () => {
    const told = await answersTo(
      [
        '{"subject":"customer:1","category":"X","channel":"Y"}',
        '{"subject":"customer:1","category":"X","chanel":"Text"}',
        '{"question":{}}',
        "{}",
        "5",
        "{",
        line("user:1").trim(),
      ].join("\n"),
    );
    assert.deepEqual(told.map(faultOf), [
      [1, "invalid", ["category-unknown", "channel-unknown"]],
      [2, "invalid", ["member-unknown", "member-missing", "category-unknown"]],
      [3, "invalid", ["member-unknown", "member-missing", "member-missing"]],
      [4, "invalid", ["member-missing", "member-missing"]],
      [5, "invalid", ["value-invalid"]],
      [6, "body-malformed", ["body-malformed"]],
      [7, "invalid", ["value-invalid"]],
    ]);
  });
});

describe("how a batch is asked", () => {
  it("with nothing in it is answered with nothing", async () => {
    for (const body of ["", "\n", " \n\r\n"]) assert.deepEqual(await answersTo(body), []);
  });

  it("as NDJSON it is answered as NDJSON, and a question as JSON; anything else is refused", async () => {
    const body = `${asked()}"customer:1"\n`;
    assert.equal((await post(body, { Accept: "application/x-ndjson" })).status, 200);
    assert.equal((await post(body, { "Content-Type": "Application/X-NDJSON; charset=utf-8" })).status, 200);
    assert.equal((await post(body, { Accept: "application/json" })).status, 406);
    assert.equal((await post(body, { "Content-Type": "application/x-ndjson; charset=latin1" })).status, 415);
    assert.equal((await post(body, { "Content-Type": "application/json" })).status, 400);
    assert.equal((await post(line("customer:1"), { "Content-Type": "application/json" })).status, 200);
    const json = { "Content-Type": "application/json", Accept: "application/x-ndjson" };
    assert.equal((await post(line("customer:1"), json)).status, 406);
    const { status } = await send({
      method: "POST",
      target: "/v1/suppressions/search",
      headers: Object.entries(ndjson),
      body,
    });
    assert.equal(status, 415);
  });

  it("a single question may not ask for addresses: it gets them always", async () => {
    const headers = { "Content-Type": "application/json" };
    assert.equal((await post(line("customer:1", { addresses: true }), headers)).status, 422);
  });
});

describe("a batch on its way", () => {
  it("answers each line as it comes", async (test) => {
    const { sending, answer } = await begun(test, `${asked()}"customer:1"\n"customer:2"\n"cust`);
    const parts = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    assert.equal(String((await parts.next()).value).split("\n").length, 3);
    sending.write('omer:2"\n');
    assert.deepEqual(parsed(String((await parts.next()).value)), [neverAsked("customer:2")]);
    sending.end();
    assert.equal((await parts.next()).done, true);
    assert.ok(answer.complete);
  });

  it("honours what is recorded meanwhile", async (test) => {
    const { sending, answer } = await begun(test, `${asked()}"customer:77"\n`);
    const parts = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    await parts.next();
    const selections = [{ value: "2125550177", type: "BPHONE", is_opt_in: "Y" }];
    await put("/v1/customers/77/communication-preferences", {
      preferences: [{ category: contact.category, channels: [{ name: contact.channel, selections }] }],
    });
    sending.write('"customer:77"\n');
    assert.deepEqual(parsed(String((await parts.next()).value)), [optedIn("customer:77")]);
    sending.end();
  });

  it("of a million lines takes little memory, and lets single decisions through", async (test) => {
    using folder = temporaryFolder();
    const { child, url, ended } = serve(folder.path, { SAYWHEN_ADMIN_TOKEN: adminToken, SAYWHEN_LOG_LEVEL: "error" });
    test.after(() => child.kill("SIGKILL"));
    const transport = overSocket(await url);
    await isReady(transport);
    const { sending, answer } = await begun(test, `${asked()}"customer:1"\n`, await url);
    let lines = 0;
    answer.on("data", (part: Buffer) => {
      for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) lines += 1;
    });
    const before = residentBytes(child);
    const part = Buffer.from('"customer:1"\n"customer:23456789"\n'.repeat(2000));
    for (let sent = 0; sent < 250; sent += 1) {
      if (!sending.write(part)) await once(sending, "drain");
      if (sent % 50 === 0) assert.equal(await single(transport), 200);
    }
    sending.end();
    await once(answer, "end");
    assert.equal(lines, 1_000_001);
    // The answers alone are 70 MB.
    const more = residentBytes(child) - before;
    assert.ok(more < 40 * 1024 * 1024, String(more));
    child.kill("SIGTERM");
    await ended;
  });

  it("whose client ends its half in the midst of the body, or sends what is no HTTP, is cut off", async () => {
    const head = [
      "POST /v1/decisions HTTP/1.1",
      "Host: x",
      ...Object.entries(ndjson).map(([name, value]) => `${name}: ${value}`),
      "Transfer-Encoding: chunked",
    ];
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const begin = `${head.join("\r\n")}\r\n\r\n${chunk(`${asked()}"customer:1"\n`)}`;
    for (const end of [endOfSending, "no chunk\r\n"] as const) {
      const { text, statuses, hungUp } = await converse(running.url, [begin, { pause: 100 }, end]);
      assert.deepEqual(statuses, [200], text);
      assert.ok(text.includes('"opted-in"') && !text.includes("\r\n0\r\n"), text);
      assert.equal(hungUp, false);
    }
    assert.equal(await single(), 200);
  });

  it("that is refused gets no second answer, whatever comes after it", async () => {
    const headers = Object.entries(ndjson).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST /v1/decisions HTTP/1.1\r\nHost: x\r\n${headers.join("")}Transfer-Encoding: chunked\r\n\r\n`;
    const acts = [`${head}f\r\n{"question":5}\n\r\n`, { pause: 100 }, "no chunk\r\n"];
    const { statuses, text, hungUp } = await converse(running.url, acts);
    assert.deepEqual(statuses, [422], text);
    assert.equal(hungUp, false);
  });
});

describe("a batch that does not go on", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout"] }));
  after(() => mock.timers.reset());

  it("is not read on while its answers are not taken, and left when they never are", async (test) => {
    const { sending, answer } = await begun(test, `${asked()}"customer:1"\n`);
    const part = Buffer.from('"customer:23456789"\n'.repeat(10_000));
    let sent = 0;
    const keep = setInterval(() => {
      if (sending.writableNeedDrain || sending.destroyed) return;
      sending.write(part);
      sent += 1;
    }, 1);
    test.after(() => clearInterval(keep));
    let still = 0;
    for (let seen = -1; still < 300; still = seen === sent ? still + 1 : 0) {
      seen = sent;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What was sent lies in buffers of the operating system, at most.
    assert.ok(sent < 400, String(sent));
    const { socket } = answer;
    await hastening(new Promise((resolve) => sending.once("close", resolve)));
    assert.ok(socket.destroyed);
    assert.equal(answer.complete, false);
    assert.equal(await single(), 200);
  });

  it("that stops coming is ended, and does not look whole", async (test) => {
    const { answer } = await begun(test, `${asked()}"customer:1"\n\n"customer`);
    const { text, isComplete } = await hastening(whole(answer));
    const [first, last] = parsed(text);
    assert.deepEqual(first, optedIn("customer:1"));
    assert.deepEqual(faultOf(last), [4, "request-too-slow", []]);
    assert.equal(isComplete, false);
  });

  it("that never begins is refused like any other", async (test) => {
    const sending = httpRequest(`${running.url}/v1/decisions`, { method: "POST", headers: ndjson });
    sending.on("error", () => {});
    test.after(() => sending.destroy());
    sending.write('{"question":');
    const [answer] = (await hastening(once(sending, "response"))) as [IncomingMessage];
    assert.equal(answer.statusCode, 408);
    assert.equal(answer.headers.connection, "close");
    answer.resume();
  });
});

describe("a batch whose client goes away", () => {
  it("is worked on no more", async (test) => {
    const { sending, answer } = await begun(test, `${asked({ addresses: true })}"customer:1"\n`);
    sending.write('"customer:1"\n'.repeat(100_000));
    answer.destroy();
    sending.destroy();
    await delay(100);
    const before = process.cpuUsage();
    await delay(200);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 100_000, `${user + system} µs`);
  });
});
