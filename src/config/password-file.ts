import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * A database's address with the password that PostgreSQL's password file has for it
 * (postgresql.org/docs/current/libpq-pgpass.html): `PGPASSFILE`, else `~/.pgpass`. Unchanged when it is a file's path or
 * has a password, when `PGPASSWORD` is set, and when that file has none, or others may read it; the driver says so then.
 * The driver reads the file itself, too, but warns at each start that it will not for long.
 *
 * @param address `postgres://…` as a reader of settings took it, or the path of a file
 */
export function withPassword(address: string, env: NodeJS.ProcessEnv = process.env): string {
  const url = /^postgres(ql)?:/.test(address) ? URL.parse(address) : null;
  if (url === null || url.password !== "" || env["PGPASSWORD"]) return address;
  const asked = [
    url.hostname.replace(/^\[(.*)\]$/, "$1"),
    url.port || env["PGPORT"] || "5432",
    decodeURIComponent(url.pathname.slice(1)),
    decodeURIComponent(url.username) || env["PGUSER"] || env["USER"] || "",
  ];
  const password = passwordIn(textOf(env), asked);
  if (password === undefined) return address;
  url.password = encodeURIComponent(password);
  return url.href;
}

/** The text of the password file; nothing when there is none, or others than its owner may read it. */
function textOf(env: NodeJS.ProcessEnv): string {
  const file = env["PGPASSFILE"] || (env["HOME"] ? join(env["HOME"], ".pgpass") : "");
  try {
    const stat = statSync(file);
    return stat.isFile() && (stat.mode & 0o077) === 0 ? readFileSync(file, "utf8") : "";
  } catch {
    return "";
  }
}

/** The password of the first line `host:port:database:user:password` whose parts are what is asked for, or `*`. */
function passwordIn(text: string, asked: readonly string[]): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    const parts = [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)].map(([, part]) => part);
    const isMeant = asked.every((part, index) => parts[index] === "*" || plain(parts[index]) === part);
    if (isMeant && !line.startsWith("#") && parts[4]) return plain(parts[4]);
  }
  return undefined;
}

/** A part of a line without the backslashes before its colons and backslashes. */
function plain(part: string | undefined): string | undefined {
  return part?.replace(/\\(.)/g, "$1");
}
