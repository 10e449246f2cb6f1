import { isIP } from "node:net";

/** What a reader makes of the text of a variable: its value, or undefined when the text is not one of its kind. */
export type Reader<Value> = (text: string) => Value | undefined;

/** A whole number in decimal digits, from `least` to `most`. */
export function wholeNumber(least: number, most: number): Reader<number> {
  return (text) => {
    if (!/^\d{1,15}$/.test(text)) return undefined;
    const number = Number(text);
    return number >= least && number <= most ? number : undefined;
  };
}

/** One of a few words, spelt exactly. */
export function oneOf<const Word extends string>(words: readonly Word[]): Reader<Word> {
  return (text) => words.find((word) => word === text);
}

/** An IP address without brackets or a host name; never a URL, never with a port. */
export function hostName(text: string): string | undefined {
  const named = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text);
  return named || isIP(text) !== 0 ? text : undefined;
}

/** The path of a file. A URL is refused, so that the address of a database server never becomes a file of that name. */
export function filePath(text: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.includes("\0") ? undefined : text;
}

/** The path of a file that outlives the process: SQLite's names for databases in memory are refused as well. */
export function databasePath(text: string): string | undefined {
  return text.startsWith(":memory:") || /^file:/i.test(text) ? undefined : filePath(text);
}

/**
 * The address of a PostgreSQL database, or the path of a file that outlives the process. PostgreSQL's other way to write an
 * address, `host=… dbname=…`, is refused: a file of that name would be made, with the password in it.
 */
export function databaseAddress(text: string): string | undefined {
  if (/(^|\s)(host|dbname|password)\s*=/i.test(text)) return undefined;
  return /^postgres(ql)?:/i.test(text) ? postgresAddress(text) : databasePath(text);
}

const letter = "(?:[^\\s/?#@%]|%[\\da-f]{2})";
const postgresForm = new RegExp(
  `^postgres(?:ql)?://(?:${letter}*@)?(?:[\\w.-]+|\\[[\\da-f:.]+\\])(?::\\d+)?/${letter}+(?:\\?[^\\s#@]*)?$`,
  "i",
);

/**
 * The address of a PostgreSQL database, its scheme in lower case. It is read strictly: a `/`, `?`, `#` or `@` of the
 * password that is not percent-encoded would make the rest of it a host or a database, which messages name.
 */
export function postgresAddress(text: string): string | undefined {
  const url = postgresForm.test(text) ? URL.parse(text) : null;
  if (url === null || ![url.username, url.password, url.pathname].every(isDecodable)) return undefined;
  // The driver would let each of these be stronger than what stands before them.
  if (["host", "port", "user", "password", "database", "dbname"].some((name) => url.searchParams.has(name)))
    return undefined;
  return text.replace(/^\w+/, (scheme) => scheme.toLowerCase());
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A database as it may be shown: the path of its file, or its address without user, password and what tunes it. */
export function shownDatabase(database: string): string {
  const address = postgresAddress(database);
  if (address === undefined) return database;
  const { hostname, port, pathname } = new URL(address);
  return `postgres://${hostname}:${port || "5432"}${pathname}`;
}

/** An http or https URL without query, fragment and credentials; answered without a slash at its end. */
export function webAddress(text: string): string | undefined {
  if (!/^https?:\/\/[^\s?#@]+$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).href.replace(/\/+$/, "");
}

/** Path segments, with or without slashes around them; answered as `/a/b`. */
export function contextPath(text: string): string | undefined {
  const segments = text.replace(/^\/|\/$/g, "").split("/");
  const isSegment = (segment: string): boolean => /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.\.?$/.test(segment);
  return segments.every(isSegment) ? `/${segments.join("/")}` : undefined;
}

/** A bearer token as a header can carry it: visible ASCII, no spaces. */
export function bearerToken(least: number): Reader<string> {
  return (text) => (text.length >= least && /^[\x21-\x7e]+$/.test(text) ? text : undefined);
}
