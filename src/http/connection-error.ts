import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { ProblemName } from "../domain/problem.ts";
import { type Answer, Refusal } from "./route.ts";

/** Prints a refusal in the shape of the contract that the connection's last request spoke. */
export type RefusalPrinter = (refusal: Refusal) => Answer;

/**
 * Answers what never became a request, or stopped coming in the middle of one, and ends the connection.
 *
 * @param error Node's, by its codes (https://nodejs.org/api/http.html#event-clienterror)
 */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket, print: RefusalPrinter): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, type = "", body = "" } = print(new Refusal(problemOf(error.code)));
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
