import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What a client puts on the wire, and when: bytes, or a pause in milliseconds, or the end of its half. */
export type Act = string | Uint8Array | { readonly pause: number } | typeof endOfSending;

export const endOfSending = Symbol("end of sending");

/** All that came back on one connection, until the server closed it. */
export interface RawConversation {
  readonly text: string;
  /** Status codes of the answers, in their order. */
  readonly statuses: readonly number[];
  /** How long it lasted, in milliseconds. */
  readonly ms: number;
}

/**
 * Speaks to the server byte by byte, and listens until it closes the connection.
 *
 * @param patienceMs after this long without a close the client hangs up, and `hungUp` tells
 */
export async function converse(
  url: string,
  acts: readonly Act[],
  patienceMs = 5000,
): Promise<RawConversation & { readonly hungUp: boolean }> {
  const { hostname, port } = new URL(url);
  const started = performance.now();
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A server that refuses early closes while the client still writes: that is no failure of the test.
  socket.on("error", () => {});
  const closed = new Promise<boolean>((resolve) => {
    socket.on("end", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
  await speak(socket, acts);
  const hungUp = await Promise.race([closed, delay(patienceMs, true, { ref: false })]);
  socket.destroy();
  const text = Buffer.concat(chunks).toString("utf8");
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  return { text, statuses, ms: performance.now() - started, hungUp };
}

async function speak(socket: Socket, acts: readonly Act[]): Promise<void> {
  for (const act of acts) {
    if (socket.destroyed) return;
    if (act === endOfSending) socket.end();
    else if (typeof act === "object" && "pause" in act) await delay(act.pause);
    else if (!socket.write(act)) await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
  }
}
