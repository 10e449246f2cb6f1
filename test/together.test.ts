import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { it } from "node:test";
import { startListening, temporaryFolder } from "./support/service.ts";
import { credentials } from "./support/target.ts";

const together = 40;
const head = credentials({ "Content-Type": "application/json", Connection: "close" })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join("");

/** A PUT that records something, as it stands on the wire. */
function put(customer: number): string {
  const selections = [{ value: "2125550001", type: "BPHONE", is_opt_in: "Y" }];
  const preferences = [{ category: "Service Exception", channels: [{ name: "Text", selections }] }];
  const body = JSON.stringify({ preferences });
  const path = `/v1/customers/${customer}/communication-preferences`;
  return `PUT ${path} HTTP/1.1\r\nHost: localhost\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

async function answerOn(socket: Socket): Promise<string> {
  const parts: Buffer[] = await socket.toArray();
  return Buffer.concat(parts).toString();
}

it("carries writes of one turn of the event loop in few transactions, whichever sockets they come on", async () => {
  using folder = temporaryFolder();
  await using running = await startListening({ file: join(folder.path, "saywhen.db") });
  const { hostname, port } = new URL(running.url);
  const sockets = Array.from({ length: together }, () => connect(Number(port), hostname));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const before = await groups(running.url);
  sockets.forEach((socket, customer) => socket.write(put(customer + 1)));
  const answers = await Promise.all(sockets.map(answerOn));
  for (const answer of answers) assert.match(answer, /^HTTP\/1.1 200 /);
  const carried = (await groups(running.url)) - before;
  assert.ok(carried >= 1 && carried <= together / 4, `${together} writes in ${carried} transactions`);
});

/** The transactions that carried writes so far. */
async function groups(url: string): Promise<number> {
  const printed = await (await fetch(`${url}/metrics`, { headers: Object.fromEntries(credentials()) })).text();
  return Number(/^saywhen_store_group_writes_count (\d+)$/m.exec(printed)?.[1] ?? Number.NaN);
}
