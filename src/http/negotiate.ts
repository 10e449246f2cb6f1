import type { IncomingHttpHeaders } from "node:http";
import Negotiator from "negotiator";
import type { WireFormat } from "../wire/shape.ts";
import { type BodyFormat, type Family, Refusal } from "./route.ts";

/** The media type of each format. */
export const mediaTypes = {
  json: "application/json",
  xml: "application/xml",
  form: "application/x-www-form-urlencoded",
} as const satisfies Record<BodyFormat, string>;

/** The Content-Type of an answer in JSON. */
export const jsonType = `${mediaTypes.json}; charset=utf-8`;

export interface Negotiated {
  readonly format: WireFormat;
  /** The media type to answer with. */
  readonly type: string;
}

const json: Negotiated = { format: "json", type: jsonType };
const xml: Negotiated = { format: "xml", type: `${mediaTypes.xml}; charset=utf-8` };
const textXml: Negotiated = { format: "xml", type: "text/xml; charset=utf-8" };

/** The accept headers that nearly every client sends, so that the rest can be left to the library. */
const usual = new Map<string | undefined, Negotiated>([
  [undefined, json],
  ["*/*", json],
  ["application/json", json],
  ["application/xml", xml],
]);

/**
 * The format to answer in (RFC 9110 §12.5.1; q-values count, JSON on a tie); undefined when none is acceptable. Our
 * own API speaks JSON alone.
 */
export function negotiate(headers: IncomingHttpHeaders, formats: readonly WireFormat[]): Negotiated | undefined {
  const known = usual.get(headers.accept);
  if (known !== undefined && formats.includes(known.format)) return known;
  const offers = formats.includes("xml") ? ["application/json", "application/xml", "text/xml"] : ["application/json"];
  switch (new Negotiator({ headers }).mediaType(offers)) {
    case "application/json":
      return json;
    case "application/xml":
      return xml;
    case "text/xml":
      return textXml;
    default:
      return undefined;
  }
}

const bodyFormats: Readonly<Record<string, BodyFormat>> = {
  [mediaTypes.json]: "json",
  [mediaTypes.xml]: "xml",
  "text/xml": "xml",
  [mediaTypes.form]: "form",
};

/**
 * The format of the body, told by Content-Type alone. Where the organisations' contract is spoken, none means JSON.
 *
 * @throws Refusal `media-type-unsupported` for another type, another charset than UTF-8, or a Content-Encoding
 */
export function bodyFormatOf(headers: IncomingHttpHeaders, family: Family, taken: readonly BodyFormat[]): BodyFormat {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw unsupported("Content-Encoding", "send the body as it is, not compressed", taken);
  }
  const contentType = headers["content-type"];
  if (contentType === undefined && family === "organisations") return "json";
  if (contentType === "application/json" && taken.includes("json")) return "json";
  const [essence = "", ...parameters] = (contentType ?? "").split(";").map((part) => part.trim().toLowerCase());
  const format = bodyFormats[essence];
  if (format === undefined || !taken.includes(format)) {
    throw unsupported("Content-Type", `send ${typesOf(taken).join(" or ")}`, taken);
  }
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  if (charset !== undefined && charset.replaceAll('"', "") !== "utf-8" && charset !== "utf8") {
    throw unsupported("Content-Type", "send the body in UTF-8", taken);
  }
  return format;
}

function typesOf(taken: readonly BodyFormat[]): string[] {
  return taken.map((format) => mediaTypes[format]);
}

/** RFC 9110 §15.5.16: `Accept` says what would have been taken. */
function unsupported(place: string, message: string, taken: readonly BodyFormat[]): Refusal {
  const hint = place === "Content-Type" ? { accept: typesOf(taken).join(", ") } : { "accept-encoding": "identity" };
  return new Refusal("media-type-unsupported", [{ problem: "media-type-unsupported", place, message }], hint);
}
