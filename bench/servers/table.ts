import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { type Cell, cells } from "../lib/customers.ts";
import { AskedTable } from "../lib/customers-postgres.ts";

/**
 * What a user would write instead of a batch: `node:http` and PostgreSQL. It takes the same body, asks the table one
 * query about all names, and answers the same lines in the same order. It checks no token and no line, keeps no log of
 * requests and holds everything in memory at once: all of it in its favour.
 */
const { values } = parseArgs({
  options: { port: { type: "string", default: "0" }, postgres: { type: "string", default: "" } },
});

const table = await AskedTable.open(values.postgres);

createServer((request, response) => {
  if (request.method !== "POST") response.end();
  else answer(request, response).catch((error: unknown) => response.destroy(error as Error));
}).listen(Number(values.port), "127.0.0.1");

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [first = "", ...lines] = (await bodyOf(request)).trimEnd().split("\n");
  const names = JSON.parse(`[${lines.join()}]`) as string[];
  const choices = await table.choices(names, cellIn(first));
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.end(names.map((name) => lineAbout(name, choices.get(name))).join(""));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

function cellIn(line: string): Cell {
  const { question } = JSON.parse(line) as { question: Pick<Cell, "category" | "channel"> };
  const cell = cells.find(({ category, channel }) => category === question.category && channel === question.channel);
  if (cell === undefined) throw new Error("the table knows nothing of what is asked");
  return cell;
}

function lineAbout(subject: string, isOptedIn: boolean | undefined): string {
  if (isOptedIn === undefined) return `{"subject":"${subject}","verdict":"withhold","reason":"never-asked"}\n`;
  if (isOptedIn) return `{"subject":"${subject}","verdict":"send","reason":"opted-in"}\n`;
  return `{"subject":"${subject}","verdict":"withhold","reason":"opted-out"}\n`;
}
