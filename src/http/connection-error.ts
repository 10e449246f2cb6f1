import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply } from "fastify";
import type { ProblemName } from "../domain/problem.ts";
import { type PrintedAnswer, Refusal } from "./route.ts";

/** Prints a refusal in the shape of the contract that the connection's last request spoke. */
export type RefusalPrinter = (refusal: Refusal) => PrintedAnswer;

/**
 * Answers what never became a request, or stopped coming in the middle of one, and ends the connection.
 *
 * @param last the answer to the last request that came, whole or in part, on the connection
 * @param error Node's, by its codes (https://nodejs.org/api/http.html#event-clienterror)
 */
export function refuseConnection(
  error: Error & { readonly code?: string },
  socket: Socket,
  last: FastifyReply | undefined,
  print: RefusalPrinter,
): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  // A body that is read line by line has its own times, and an answer that has begun is never followed by another.
  if (last?.request.admission?.bodyFormat === "ndjson" && !last.raw.writableEnded) {
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return;
    if (last.raw.headersSent) {
      socket.destroy();
      return;
    }
  }
  // It was answered before all of it had come: whatever is said now would be taken for the answer to the next.
  if (last?.request.raw.complete === false && last.raw.writableEnded) {
    socket.destroy();
    return;
  }
  // The request before is whole and may be recorded already: it gets its own answer, and the connection ends with that.
  if (last?.request.raw.complete === true && !last.raw.writableEnded) {
    last.raw.shouldKeepAlive = false;
    return;
  }
  const { status, type = "", body } = print(new Refusal(problemOf(error.code)));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function problemOf(code: string | undefined): ProblemName {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "request-too-slow";
  return code === "HPE_HEADER_OVERFLOW" ? "headers-too-large" : "request-malformed";
}
