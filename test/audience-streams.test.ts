import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { overSocket } from "./support/exchange.ts";
import { emailOf, fillWithOffers, idsOf, offers, offersCatalogue } from "./support/offers.ts";
import { newDatabase } from "./support/postgres.ts";
import { type RunningService, startListening, temporaryFolder } from "./support/service.ts";
import { credentials } from "./support/target.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

/** With their addresses, their lines are more than sockets hold for a client that does not read: some 4 MB. */
const ids = idsOf(9000);
const subjects = ids.map((id) => `customer:${id}`);
const question = { ...offers, addresses: true };

/** Asks for a stream, and reads nothing of it yet. */
function opened(url: string, asked: object): Promise<IncomingMessage> {
  const own = { Accept: "application/x-ndjson", "Content-Type": "application/json" };
  const headers = Object.fromEntries(credentials(own));
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/v1/audiences`, { method: "POST", headers, agent: false }, resolve);
    request.on("error", reject);
    request.end(JSON.stringify(asked));
  });
}

/** The lines that still come, and whether the answer came to its end. */
async function rest(
  response: IncomingMessage,
): Promise<{ readonly lines: readonly string[]; readonly isWhole: boolean }> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", () => {});
    response.on("close", resolve);
  });
  return { lines: Buffer.concat(chunks).toString("utf8").split("\n").slice(0, -1), isWhole: response.complete };
}

function subjectsIn(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (JSON.parse(line) as { readonly subject: string }).subject);
}

/** Long enough for a stream to fill all that holds it for a client that does not read. */
const stallMs = 500;

const storages = [
  { name: "SQLite", isPostgres: false },
  { name: "two nodes on PostgreSQL", isPostgres: true },
];

for (const { name, isPostgres } of storages) {
  describe(`streams of audiences on ${name}`, () => {
    const folder = temporaryFolder();
    const ending = new AsyncDisposableStack();
    let one: RunningService;
    let other: RunningService;
    let proxy: TcpProxy | undefined;
    before(async () => {
      const file = join(folder.path, "catalogue.yaml");
      writeFileSync(file, JSON.stringify(offersCatalogue(1)));
      const common = { env: { SAYWHEN_CATALOGUE: file }, key: join(folder.path, "key") };
      const database = isPostgres ? await newDatabase() : join(folder.path, "saywhen.db");
      await fillWithOffers(database, ids);
      if (isPostgres) proxy = ending.use(await TcpProxy.before(Number(new URL(database).port)));
      one = ending.use(await startListening({ ...common, database: proxy?.url(database) ?? database }));
      other = isPostgres ? ending.use(await startListening({ ...common, database })) : one;
    });
    after(async () => {
      await ending.disposeAsync();
      folder[Symbol.dispose]();
    });

    const send = (node: RunningService, method: string, target: string, body?: object) => {
      const headers = credentials(body === undefined ? {} : { "Content-Type": "application/json" });
      return overSocket(node.url)({ method, target, headers, ...(body && { body: JSON.stringify(body) }) });
    };

    /** How many requests for audiences have come to an end. */
    async function ended(): Promise<number> {
      const { body } = await send(one, "GET", "/metrics");
      const counts = body.matchAll(/^http_server_request_duration_seconds_count\{.*"\/v1\/audiences".*\} (\d+)$/gm);
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    }

    it("wait for a client that stops reading, and leave out who says no meanwhile", async () => {
      const response = await opened(one.url, question);
      const last = ids.at(-1) ?? "";
      const selections = ["BEMAIL", "SEMAIL"].map((type) => ({ type, value: emailOf(last, type), is_opt_in: "N" }));
      const preferences = [{ category: "Offers", channels: [{ name: "Email", selections }] }];
      await delay(stallMs);
      const target = `/v1/customers/${last}/communication-preferences`;
      assert.equal((await send(other, "PUT", target, { preferences })).status, 200);
      const { lines, isWhole } = await rest(response);
      assert.ok(isWhole);
      assert.ok(Number(response.headers["saywhen-change"]) >= ids.length);
      assert.deepEqual(subjectsIn(lines), subjects.slice(0, -1));
    });

    it("end with a client that goes away, and go on behind its last line on another node, without a gap", async () => {
      const before = await ended();
      const response = await opened(one.url, question);
      await delay(stallMs);
      const read = String(response.read()).split("\n").slice(0, -1);
      response.destroy();
      for (let tries = 0; (await ended()) === before; tries += 1) {
        assert.ok(tries < 100, "the work goes on");
        await delay(20);
      }
      const after = subjectsIn(read).at(-1);
      const going = await rest(await opened(other.url, { ...offers, after }));
      assert.ok(going.isWhole && read.length > 0 && read.length < ids.length);
      assert.deepEqual([...subjectsIn(read), ...subjectsIn(going.lines)], subjects.slice(0, -1));
    });

    it("are broken off when the store fails, so that nobody takes a part for the whole", async (test) => {
      if (proxy === undefined) {
        test.skip("a file does not fail");
        return;
      }
      const response = await opened(one.url, question);
      await delay(stallMs);
      proxy.hold("to", "from");
      const { lines, isWhole } = await rest(response);
      proxy.heal();
      assert.equal(isWhole, false);
      assert.match(lines.at(-1) ?? "", /^\{"error":\{.*"status":503/);
      assert.deepEqual(subjectsIn(lines.slice(0, -1)), subjects.slice(0, lines.length - 1));
    });
  });
}
