import type { IncomingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { parseTileIndex } from "../audit/tiles.ts";
import type { Log } from "../service/log.ts";
import { type Answer, Refusal, type Route } from "./route.ts";

const compress = promisify(gzip);

const textType = "text/plain; charset=utf-8";

/** What a tile holds is signed for, so it never changes. */
const forGood = "public, max-age=31536000, immutable";

/** The log itself (c2sp.org/tlog-tiles) and the receipts of its changes; there is nothing personal in them. */
export function logRoutes(log: Log): Route[] {
  const shared = { method: "GET", family: "own", shapes: {} } as const;
  return [
    {
      ...shared,
      path: "/v1/changes/{position}/receipt",
      summary: "Prove that a change is in the log",
      handle: ({ params }) => receipt(log, params["position"] ?? ""),
    },
    {
      ...shared,
      path: "/v1/log/checkpoint",
      summary: "Read the log's size and root hash, signed",
      handle: async () => text(await log.checkpoint(), { "cache-control": "public, max-age=1" }),
    },
    {
      ...shared,
      path: "/v1/log/tile/entries/{+tile}",
      summary: "Read up to 256 entries of the log",
      handle: ({ params, headers }) => bundle(log, params["*"] ?? "", headers),
    },
    {
      ...shared,
      path: "/v1/log/tile/{level}/{+tile}",
      summary: "Read up to 256 hashes of the log's tree",
      handle: ({ params }) => tile(log, params["level"] ?? "", params["*"] ?? ""),
    },
    {
      ...shared,
      path: "/v1/log/key",
      summary: "Read the key that verifies what the log signs",
      handle: () => text(`${log.verifierKey}\n`, { "cache-control": "no-cache" }),
    },
  ];
}

async function receipt(log: Log, position: string): Promise<Answer> {
  const isPosition = /^(?:0|[1-9]\d{0,14})$/.test(position);
  const printed = isPosition ? await log.receipt(Number(position)) : undefined;
  if (printed === undefined) throw new Refusal("change-unknown");
  const name = `inline; filename="${position}.tlog-proof"`;
  // A later one proves the same, under a newer checkpoint.
  return text(printed, { "content-disposition": name, "cache-control": "no-cache" });
}

async function tile(log: Log, level: string, path: string): Promise<Answer> {
  const asked = /^(?:[0-9]|[1-5]\d|6[0-3])$/.test(level) ? parseTileIndex(path) : undefined;
  return bytes(asked && (await log.tile(Number(level), asked.index, asked.width)));
}

async function bundle(log: Log, path: string, headers: IncomingHttpHeaders): Promise<Answer> {
  const asked = parseTileIndex(path);
  const entries = asked && (await log.bundle(asked.index, asked.width));
  const vary = { vary: "Accept-Encoding" };
  if (entries === undefined || !takesGzip(headers)) return bytes(entries, vary);
  return bytes(await compress(entries), { ...vary, "content-encoding": "gzip" });
}

function takesGzip({ "accept-encoding": accepted }: IncomingHttpHeaders): boolean {
  const codings = String(accepted ?? "").split(",");
  return codings.some((coding) => /^\s*gzip\s*(?:;\s*q=(?:1|0\.\d*[1-9])\d*(?:\.0*)?\s*)?$/i.test(coding));
}

function text(body: string, headers: Readonly<Record<string, string>>): Answer {
  return { status: 200, body, type: textType, headers };
}

function bytes(body: Buffer | undefined, headers: Readonly<Record<string, string>> = {}): Answer {
  if (body === undefined) throw new Refusal("not-found");
  return { status: 200, body, type: "application/octet-stream", headers: { "cache-control": forGood, ...headers } };
}
