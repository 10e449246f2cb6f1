import { createServer } from "node:http";
import { parseArgs } from "node:util";

/** Gives back every body while it comes: what HTTP alone costs a batch. */
const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });

createServer((request, response) => {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  request.pipe(response);
}).listen(Number(values.port), "127.0.0.1");
