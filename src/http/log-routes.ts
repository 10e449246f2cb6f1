import type { IncomingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { parseTileIndex } from "../audit/tiles.ts";
import type { Log } from "../service/log.ts";
import { positionIn } from "./path-ids.ts";
import { type Answer, type Call, Refusal, type Route } from "./route.ts";

const compress = promisify(gzip);

const textType = "text/plain; charset=utf-8";

/** What a tile holds is signed for, so it never changes under the origin that it was signed under. */
const forGood = "public, max-age=31536000, immutable";

/** The log itself (c2sp.org/tlog-tiles) and the receipts of its changes; there is nothing personal in them. */
export function logRoutes(log: Log): Route[] {
  return [
    {
      ...shared,
      path: "/v1/changes/{position}/receipt",
      summary: "Prove that a change is in the log",
      handle: (call) => receipt(log, positionIn(call)),
    },
    logRoute(log, "checkpoint", "Read the log's size and root hash, signed", async () =>
      text(await log.checkpoint(), { "cache-control": "public, max-age=1" }),
    ),
    logRoute(log, "tile/entries/{+tile}", "Read up to 256 entries of the log", ({ params, headers }, caching) =>
      bundle(log, params["*"] ?? "", headers, caching),
    ),
    logRoute(log, "tile/{level}/{+tile}", "Read up to 256 hashes of the log's tree", ({ params }, caching) =>
      tile(log, params["level"] ?? "", params["*"] ?? "", caching),
    ),
    logRoute(log, "key", "Read the key that verifies what the log signs", () =>
      text(`${log.verifierKey}\n`, { "cache-control": "no-cache" }),
    ),
  ];
}

const shared = { method: "GET", family: "own", shapes: {} } as const;

/** A route of the log that is signed: at its first origin and, once it goes on under another, below that as well. */
function logRoute(
  log: Log,
  path: string,
  summary: string,
  handle: (call: Call, caching: Caching) => Answer | Promise<Answer>,
): Route {
  return {
    ...shared,
    path: `/v1/log/${path}`,
    aliases: [`/v1/log/{branch}/${path}`],
    summary,
    handle: (call) => handle(call, tileCaching(log, call.params["branch"])),
  };
}

interface Caching {
  readonly "cache-control": string;
}

/** At the first origin, tiles may be others once the log goes on under a new one: what that cuts off is written anew. */
function tileCaching(log: Log, branch: string | undefined): Caching {
  if (branch !== undefined && branch !== log.branch) throw new Refusal("not-found");
  return { "cache-control": branch === log.branch ? forGood : "no-cache" };
}

async function receipt(log: Log, position: number): Promise<Answer> {
  const printed = await log.receipt(position);
  if (printed === undefined) throw new Refusal("change-unknown");
  const name = `inline; filename="${position}.tlog-proof"`;
  // A later one proves the same, under a newer checkpoint.
  return text(printed, { "content-disposition": name, "cache-control": "no-cache" });
}

async function tile(log: Log, level: string, path: string, caching: Caching): Promise<Answer> {
  const asked = /^(?:[0-9]|[1-5]\d|6[0-3])$/.test(level) ? parseTileIndex(path) : undefined;
  return bytes(asked && (await log.tile(Number(level), asked.index, asked.width)), { ...caching });
}

async function bundle(log: Log, path: string, headers: IncomingHttpHeaders, caching: Caching): Promise<Answer> {
  const asked = parseTileIndex(path);
  const entries = asked && (await log.bundle(asked.index, asked.width));
  const own = { ...caching, vary: "Accept-Encoding" };
  if (entries === undefined || !takesGzip(headers)) return bytes(entries, own);
  return bytes(await compress(entries), { ...own, "content-encoding": "gzip" });
}

function takesGzip({ "accept-encoding": accepted }: IncomingHttpHeaders): boolean {
  const codings = String(accepted ?? "").split(",");
  return codings.some((coding) => /^\s*gzip\s*(?:;\s*q=(?:1|0\.\d*[1-9])\d*(?:\.0*)?\s*)?$/i.test(coding));
}

function text(body: string, headers: Readonly<Record<string, string>>): Answer {
  return { status: 200, body, type: textType, headers };
}

function bytes(body: Buffer | undefined, headers: Readonly<Record<string, string>>): Answer {
  if (body === undefined) throw new Refusal("not-found");
  return { status: 200, body, type: "application/octet-stream", headers };
}
