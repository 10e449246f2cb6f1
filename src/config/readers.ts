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

/** The address of a PostgreSQL database, or the path of a file that outlives the process. */
export function databaseAddress(text: string): string | undefined {
  return /^postgres(ql)?:/.test(text) ? postgresAddress(text) : databasePath(text);
}

/** The address of a PostgreSQL database. */
export function postgresAddress(text: string): string | undefined {
  return /^postgres(ql)?:/.test(text) && URL.parse(text)?.hostname ? text : undefined;
}

/** A database's address as it may be shown: without the password. */
export function shownDatabase(database: string): string {
  const url = /^postgres(ql)?:/.test(database) ? URL.parse(database) : null;
  if (url === null) return database;
  url.password = "";
  url.searchParams.delete("password");
  return url.href;
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
