import { hash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";

/**
 * The bare server: the least that any service in front of the same clients has to do on `node:http`. It checks the
 * bearer token, reads and parses the body of a PUT or POST, and answers with the bytes and headers that the service answers with.
 * `--answers` is JSON: `{"GET": {"headers": {…}, "body": "…"}, "PUT": {…}}`.
 */
interface Prepared {
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string;
}

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    token: { type: "string", default: "" },
    answers: { type: "string", default: "{}" },
  },
});

const known = digest(`Bearer ${values.token}`);
const answers = new Map(Object.entries(JSON.parse(values.answers) as Record<string, Prepared>).map(prepare));

createServer((request, response) => {
  if (!timingSafeEqual(digest(request.headers.authorization ?? ""), known)) {
    response.writeHead(401).end();
  } else if (request.method === "PUT" || request.method === "POST") {
    const answer = answers.get(request.method);
    readBody(request, (body) => respond(response, isDocument(body) ? answer : undefined));
  } else {
    respond(response, answers.get(request.method ?? ""));
  }
}).listen(Number(values.port), "127.0.0.1");

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function prepare([method, { headers, body }]: [string, Prepared]): [string, Prepared] {
  return [method, { headers: { ...headers, "content-length": Buffer.byteLength(body) }, body }];
}

function readBody(request: IncomingMessage, then: (body: string) => void): void {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => then(Buffer.concat(pieces).toString()));
}

function isDocument(body: string): boolean {
  try {
    return typeof JSON.parse(body) === "object";
  } catch {
    return false;
  }
}

function respond(response: ServerResponse, answer: Prepared | undefined): void {
  if (answer === undefined) response.writeHead(400).end();
  else response.writeHead(200, answer.headers).end(answer.body);
}
