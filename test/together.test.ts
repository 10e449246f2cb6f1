import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { overSocket } from "./support/exchange.ts";
import { converse } from "./support/raw.ts";
import { startListening, temporaryFolder } from "./support/service.ts";
import { credentials, customerDocument, rawRequest } from "./support/target.ts";

const together = 40;
const headers = [
  "Content-Type: application/json",
  `Content-Length: ${Buffer.byteLength(customerDocument)}`,
  "Connection: close",
];

it("carries writes of one turn of the event loop in few transactions, whichever sockets they come on", async () => {
  using folder = temporaryFolder();
  await using running = await startListening({ file: join(folder.path, "saywhen.db") });
  const before = await groups(running.url);
  const conversations = await Promise.all(
    Array.from({ length: together }, (_, customer) => {
      const line = `PUT /v1/customers/${customer + 1}/communication-preferences HTTP/1.1`;
      // All are connected by then, and what they write comes at one time.
      return converse(running.url, [{ pause: 200 }, rawRequest(line, headers, customerDocument)]);
    }),
  );
  for (const { statuses } of conversations) assert.deepEqual(statuses, [200]);
  const carried = (await groups(running.url)) - before;
  assert.ok(carried >= 1 && carried <= together / 4, `${together} writes in ${carried} transactions`);
});

/** The transactions that carried writes so far. */
async function groups(url: string): Promise<number> {
  const { body } = await overSocket(url)({ method: "GET", target: "/metrics", headers: credentials() });
  return Number(/^saywhen_store_group_writes_count (\d+)$/m.exec(body)?.[1] ?? Number.NaN);
}
