import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { limits } from "../domain/limits.ts";
import type { Call, StreamedAnswer } from "./route.ts";

/** What is told when an answer that has begun cannot go on: the text of its last line, for whatever was thrown. */
export type LastWords = (error: unknown) => string;

/**
 * Sends an answer while it is made: the next part is asked for when the one before is on its way to the client, and the
 * client may still have it. What fails before the first part is thrown, and nothing has been sent. What fails later ends
 * the answer with a last line, and the connection with it, so that nobody takes it for whole; nothing is left to tell a
 * client who is gone.
 *
 * @returns whether all of it was sent
 */
export async function streamAnswer(
  reply: FastifyReply,
  { status, type, headers, lines, admitAgain }: StreamedAnswer & Pick<Call, "admitAgain">,
  lastWords: LastWords,
): Promise<boolean> {
  let part = await lines.next();
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...headers, "content-type": type })) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.writeHead(status);
  try {
    while (part.done !== true) {
      await write(raw, part.value);
      admitAgain();
      part = await lines.next();
    }
    raw.end();
    return true;
  } catch (error) {
    await lines.return();
    if (!raw.destroyed) await write(raw, lastWords(error)).catch(() => {});
    cut(reply);
    return false;
  }
}

/** Resolves when the bytes are with the operating system; a client that takes nothing for too long is left. */
function write(raw: ServerResponse, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error | null) => {
      clearTimeout(timer);
      raw.off("close", gone);
      if (error) reject(error);
      else resolve();
    };
    const gone = () => end(new Error("the client is gone"));
    const timer = setTimeout(() => raw.destroy(), limits.takenMs);
    raw.once("close", gone);
    if (raw.destroyed) gone();
    else raw.write(bytes, end);
  });
}

/** Ends the connection in the midst of a body: the client sees that its end is missing. */
function cut({ raw, request }: FastifyReply): void {
  discardRest(request.raw);
  if (raw.socket === null || raw.destroyed) raw.destroy();
  else raw.socket.end();
}

/** Reads on what nobody wants any more, so that the client can take its answer, but not for ever. */
export function discardRest(incoming: IncomingMessage): void {
  if (incoming.readableEnded || incoming.destroyed) return;
  const timer = setTimeout(() => incoming.destroy(), limits.requestMs);
  incoming.once("close", () => clearTimeout(timer));
  // Whoever has read lines of it would have it pause at each part.
  incoming.removeAllListeners("data");
  incoming.resume();
}
