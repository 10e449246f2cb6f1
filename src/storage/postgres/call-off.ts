import { connect, Socket } from "node:net";
import type pg from "pg";

/** Milliseconds after which it is given up: the server is likely to be out of reach. */
const callOffMs = 1000;

/** What a CancelRequest begins with (postgresql.org/docs/current/protocol-message-formats.html): its length, and its code. */
const cancelRequest = [16, 80_877_102] as const;

/** A single statement that writes nothing: of the functions of our schema these only read. */
const readSql = /^(SELECT|WITH RECURSIVE)\b(?![^]*(;|\bsaywhen\.(?!(newest|coded|count_until)\b)\w+\())/;

/**
 * Whether a statement may be called off. Only one that does nothing but read: to call off a commit while it waits for a
 * standby would show everybody what that standby does not have.
 */
export function isRead(sql: string): boolean {
  return readSql.test(sql);
}

/**
 * Asks the server, or the pooler, to end what a connection is doing: it would go on although nobody waits for the
 * answer, and each try would add another. Resolves when the server has taken notice, or after a moment; never rejects.
 */
export function callOff(client: pg.PoolClient): Promise<void> {
  const key = keyOf(client);
  if (key === undefined) return Promise.resolve();
  const message = Buffer.alloc(16);
  for (const [index, number] of [...cancelRequest, ...key].entries()) message.writeInt32BE(number, index * 4);
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(addressOf(client));
  const timer = setTimeout(() => socket.destroy(), callOffMs);
  socket.on("error", () => undefined);
  socket.on("close", () => {
    clearTimeout(timer);
    resolve();
  });
  // The server answers by closing it.
  socket.on("connect", () => socket.write(message)).resume();
  return promise;
}

/** The number of the server's process, and the secret that lets it be called off; the driver does not declare them. */
function keyOf(client: pg.PoolClient): [number, number] | undefined {
  if (!("processID" in client && "secretKey" in client)) return undefined;
  const { processID, secretKey } = client;
  return typeof processID === "number" && typeof secretKey === "number" ? [processID, secretKey] : undefined;
}

/** The very server that the connection leads to: its name may lead elsewhere by now. */
function addressOf({ connection, host, port }: pg.PoolClient) {
  const { stream } = connection;
  if (stream instanceof Socket && stream.remoteAddress !== undefined)
    return { host: stream.remoteAddress, port: stream.remotePort ?? port };
  return { path: `${host}/.s.PGSQL.${port}` };
}
