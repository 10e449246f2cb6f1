import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { once } from "node:events";

/** Where something is asked. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const partBytes = 64 * 1024;

const agent = new Agent({ keepAlive: true });

/**
 * Sends a body in parts, as fast as they are taken, and compares what comes back meanwhile byte by byte.
 *
 * @returns the seconds that it took
 * @throws when anything else comes than what is expected
 */
export async function exchange({ url, headers }: Target, sent: Buffer, expected: Buffer): Promise<number> {
  const start = performance.now();
  const asked = request(url, { agent, method: "POST", headers: { ...headers, "content-length": sent.length } });
  const [answered] = await Promise.all([received(asked, expected), send(asked, sent)]);
  if (answered !== expected.length) throw new Error(`${url}: ${answered} bytes came, not ${expected.length}`);
  return (performance.now() - start) / 1000;
}

async function send(asked: ClientRequest, body: Buffer): Promise<void> {
  for (let from = 0; from < body.length; from += partBytes) {
    const isTaken = asked.write(body.subarray(from, from + partBytes));
    if (!isTaken) await once(asked, "drain");
  }
  asked.end();
}

async function received(asked: ClientRequest, expected: Buffer): Promise<number> {
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${part.toString()}`);
    if (!part.equals(expected.subarray(bytes, bytes + part.length)))
      throw new Error(differenceOf(part, expected, bytes));
    bytes += part.length;
  }
  return bytes;
}

function differenceOf(part: Buffer, expected: Buffer, from: number): string {
  const at = part.findIndex((byte, index) => byte !== expected[from + index]);
  const around = (bytes: Buffer, place: number) => bytes.subarray(Math.max(0, place - 100), place + 100).toString();
  return `another answer than expected at byte ${from + at}:\n${around(part, at)}\ninstead of\n${around(expected, from + at)}`;
}
