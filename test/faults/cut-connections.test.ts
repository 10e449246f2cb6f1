import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { overOneConnection, type SentRequest } from "../support/exchange.ts";
import { startListening, temporaryFolder } from "../support/service.ts";
import { customerPath, get, putCustomer } from "./acts.ts";
import { wholeLog } from "./whole-log.ts";

/** How many clients hang up; `npm run faults` asks for more. */
const clients = 20 * Number(process.env["FAULT_ROUNDS"] ?? 15);

/** A request as it goes over the wire. */
function bytesOf({ method, target, headers = [], body = "" }: SentRequest): Buffer {
  const all = [...headers, ["Host", "x"], ["Content-Length", String(body.length)]].map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${String(body)}`);
}

/** Sends the first bytes of a text and hangs up: at once, or a moment later, with or without a farewell. */
async function sendAndHangUp(url: string, bytes: Buffer): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  await once(socket, "connect");
  socket.write(bytes);
  await sleep(Math.random() * 10);
  if (Math.random() < 0.5) socket.resetAndDestroy();
  else socket.destroy();
}

it("a client that hangs up has made the whole of its change, or nothing of it", async (test) => {
  using folder = temporaryFolder();
  const file = join(folder.path, "saywhen.db");
  const found = { all: 0, some: 0, none: 0 };
  {
    await using running = await startListening({ file });
    const { url } = running;
    // Two changes on one connection, the second sent before the first is answered.
    const cut = Array.from({ length: clients }, async (_, index) => {
      const requests = ["a", "b"].map((who) =>
        putCustomer(index, `${who}${index}@example.com`, trackingId(who, index)),
      );
      const bytes = Buffer.concat(requests.map(bytesOf));
      const end = Math.random() < 0.3 ? bytes.length : Math.floor(Math.random() * bytes.length);
      await sendAndHangUp(url, bytes.subarray(0, end));
    });
    await Promise.all(cut);
    await using send = overOneConnection(url);
    for (let index = 0; index < clients; index += 1) {
      const { status, body } = await send(get(customerPath(index)));
      assert.equal(status, 200);
      if (body.includes(`"b${index}@example.com"`)) found.all += 1;
      else if (body.includes(`"a${index}@example.com"`)) found.some += 1;
      else found.none += 1;
    }
  }
  const changes = wholeLog(file).filter(({ kind }) => kind === "preferences");
  assert.equal(new Set(changes.map(({ said }) => said?.trackingId)).size, changes.length);
  assert(changes.length >= 2 * found.all + found.some);
  assert(found.all > 0 && found.some > 0 && found.none > 0);
  test.diagnostic(JSON.stringify(found));
});

function trackingId(who: string, index: number) {
  return { "Request-Tracking-Id": `${who}${index}` };
}
