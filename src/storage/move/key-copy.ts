import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { KeyUnusable } from "../../service/key-files.ts";
import { replaceFile } from "../key-files.ts";
import { MoveFailed } from "./move-failed.ts";

/** What stands beside a key, by how its name goes on. */
const besides = /^\.(checkpoint|erased|[0-9a-f]{16}\.old)$/;

/**
 * Copies the log's key, and the files that are named after it, durably and for their owner only. Called again, it brings
 * the copies up to date.
 *
 * @throws MoveFailed when the key or a file of another log is there; then nothing was written
 * @throws KeyUnusable when a file cannot be read or written
 */
export function copyKey(from: string, to: string): void {
  if (resolve(from) === resolve(to)) return;
  const files = new Map(["", ...endingsAt(from)].flatMap((ending) => withText(from, ending)));
  const key = files.get("");
  const kept = existsSync(to) ? textOf(to) : undefined;
  if (kept !== undefined && kept !== key)
    throw new MoveFailed(`${to} is another key: move it away, with the files named after it, or give another --to.`);
  for (const ending of endingsAt(to)) refuseOther(`${to}${ending}`, ending, files.get(ending), kept !== undefined);
  for (const [ending, text] of files) {
    if (existsSync(`${to}${ending}`) && textOf(`${to}${ending}`) === text) chmodSync(`${to}${ending}`, 0o600);
    else replaceFile(`${to}${ending}`, text);
  }
}

/** A checkpoint is replaced by a later one; a book of erasures only grows. */
function refuseOther(file: string, ending: string, text: string | undefined, isOurs: boolean): void {
  const isKnown = text !== undefined && (ending === ".checkpoint" || text.startsWith(textOf(file)));
  if (isOurs && isKnown) return;
  throw new MoveFailed(`${file} is of another log, or says more than is to be copied: move it away.`);
}

function endingsAt(key: string): string[] {
  const folder = dirname(key);
  if (!existsSync(folder)) return [];
  const start = basename(key);
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && besides.test(name.slice(start.length)))
    .map((name) => name.slice(start.length));
}

function withText(key: string, ending: string): [string, string][] {
  const file = join(dirname(key), `${basename(key)}${ending}`);
  return existsSync(file) ? [[ending, textOf(file)]] : [];
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new KeyUnusable(`${file} cannot be read.`, { cause: error });
  }
}
