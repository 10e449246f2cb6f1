import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { nearest } from "./nearest.ts";
import { withPassword } from "./password-file.ts";
import {
  bearerToken,
  contextPath,
  databaseAddress,
  databasePath,
  filePath,
  hostName,
  oneOf,
  postgresAddress,
  type Reader,
  webAddress,
  wholeNumber,
} from "./readers.ts";

/** One setting: the variable that carries it, what it means, and how its text is read. */
export interface Setting<Value> {
  readonly variable: `SAYWHEN_${string}`;
  readonly meaning: string;
  /** What may be written, so that "must be …" makes a sentence. */
  readonly values: string;
  /** The default as the documentation prints it. */
  readonly standard: string;
  /**
   * The value when the variable is not set, or set to nothing.
   * @param before the settings that stand before this one in the table
   */
  readonly unset: (before: { readonly port?: number; readonly database?: string }) => Value;
  readonly read: Reader<Value>;
  /** The text may hold a secret, so no message repeats it. */
  readonly secret?: true;
}

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const adminTokenLengthMin = 32;
const postgresValues =
  "`postgres://user:password@host:port/database`, with what is special in the password percent-encoded (`/` is `%2F`, " +
  "`?` `%3F`, `#` `%23`, `@` `%40`, `%` `%25`), and a host, not a socket";
const shippedCatalogue = fileURLToPath(new URL("../../catalogue.yaml", import.meta.url));

/** Every setting there is. docs/config.md prints this table, and a variable that is not in it is refused at start. */
export const settingsTable = {
  host: setting({
    variable: "SAYWHEN_HOST",
    meaning:
      "The address to listen on. The default answers this machine only; `0.0.0.0` or `::` answers every network.",
    values: "an IP address without brackets, or a host name",
    standard: "127.0.0.1",
    unset: () => "127.0.0.1",
    read: hostName,
  }),
  port: setting({
    variable: "SAYWHEN_PORT",
    meaning: "The port to listen on; `0` takes any free one and prints it.",
    values: "a whole number from 0 to 65535",
    standard: "8080",
    unset: () => 8080,
    read: wholeNumber(0, 65_535),
  }),
  database: setting({
    variable: "SAYWHEN_DATABASE",
    meaning:
      "The database: an SQLite file, which is made when it is not there, with its folder; or the address of a PostgreSQL " +
      "database, which any number of nodes may share.",
    values: `the path of a file, or ${postgresValues}; databases in memory are not supported`,
    standard: "./data/saywhen.db",
    unset: () => "./data/saywhen.db",
    read: databaseAddress,
    secret: true,
  }),
  databaseRead: setting({
    variable: "SAYWHEN_DATABASE_READ",
    meaning:
      "A replica of the PostgreSQL database, a hot standby: histories, the past, exports, the log's tiles and `saywhen verify` " +
      "are read there whenever it has all that the primary has.",
    values: postgresValues,
    standard: "none",
    unset: (): string | undefined => undefined,
    read: postgresAddress,
    secret: true,
  }),
  key: setting({
    variable: "SAYWHEN_KEY",
    meaning:
      "The file with the private key of the log, made at the first start; `<key>.checkpoint` and `<key>.erased` stand beside it. " +
      "Keep a copy apart from the backups of the database.",
    values: "the path of a file",
    standard: "the database file with `.key` behind it; with PostgreSQL `./data/saywhen.key`",
    unset: ({ database = "" }) => standardKey(database),
    read: databasePath,
  }),
  baseUrl: setting({
    variable: "SAYWHEN_BASE_URL",
    meaning:
      "The address under which others reach this service; every link in a body begins with it (`Link` headers have the path alone).",
    values: "an http or https URL without query, fragment and credentials",
    standard: "http://host:port",
    unset: (): string | undefined => undefined,
    read: webAddress,
  }),
  context: setting({
    variable: "SAYWHEN_CONTEXT",
    meaning:
      "Path segments that every route answers under as well, and that links have: `context` adds `/context/api/2/…`.",
    values: "path segments of letters, digits and `. _ ~ -`, joined by `/`",
    standard: "none",
    unset: () => "",
    read: contextPath,
  }),
  adminToken: setting({
    variable: "SAYWHEN_ADMIN_TOKEN",
    meaning:
      "The token of the client `admin`, set anew at each start. Without it, the first start makes one and prints it once.",
    values: `at least ${adminTokenLengthMin} visible ASCII characters without spaces`,
    standard: "none",
    unset: (): string | undefined => undefined,
    read: bearerToken(adminTokenLengthMin),
    secret: true,
  }),
  catalogue: setting({
    variable: "SAYWHEN_CATALOGUE",
    meaning:
      "The file from which the first start takes the catalogue; later changes go through `saywhen catalogue apply`.",
    values: "the path of a file",
    standard: "catalogue.yaml of the working folder, else the one that is shipped",
    unset: () => (existsSync("catalogue.yaml") ? "catalogue.yaml" : shippedCatalogue),
    read: filePath,
  }),
  index: setting({
    variable: "SAYWHEN_INDEX",
    meaning:
      "`on`: the node keeps what decisions rest on in memory, too, which batches and audiences are answered from. `off`: it " +
      "answers single decisions, and batches that it has to read from the database for `addresses` or `explain`.",
    values: "`on` or `off`",
    standard: "on",
    unset: (): "off" | "on" => "on",
    read: oneOf(["off", "on"]),
  }),
  subjects: setting({
    variable: "SAYWHEN_SUBJECTS",
    meaning:
      "`open`: an organisation or user comes into being with its first PUT. `registered`: one that the directory does not know is 404.",
    values: "`open` or `registered`",
    standard: "open",
    unset: (): "open" | "registered" => "open",
    read: oneOf(["open", "registered"]),
  }),
  customerPut: setting({
    variable: "SAYWHEN_CUSTOMER_PUT",
    meaning: "`merge`: what a customer's PUT does not mention stays. `replace`: it is gone.",
    values: "`merge` or `replace`",
    standard: "merge",
    unset: (): "merge" | "replace" => "merge",
    read: oneOf(["merge", "replace"]),
  }),
  rateLimit: setting({
    variable: "SAYWHEN_RATE_LIMIT",
    meaning: "Requests a second that each client may send; `0` sets no limit.",
    values: "a whole number from 0 to 1000000",
    standard: "0",
    unset: () => 0,
    read: wholeNumber(0, 1_000_000),
  }),
  logLevel: setting({
    variable: "SAYWHEN_LOG_LEVEL",
    meaning: "The least important kind of log line that is written. Requests are `info`.",
    values: "one of `trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`",
    standard: "info",
    unset: (): (typeof logLevels)[number] => "info",
    read: oneOf(logLevels),
  }),
  url: setting({
    variable: "SAYWHEN_URL",
    meaning: "The running service that the commands talk to; `port` is that of `SAYWHEN_PORT`.",
    values: "an http or https URL without query, fragment and credentials",
    standard: "http://127.0.0.1:port",
    unset: ({ port = 0 }) => `http://127.0.0.1:${port}`,
    read: webAddress,
  }),
  token: setting({
    variable: "SAYWHEN_TOKEN",
    meaning: "The token with which the commands show who they are.",
    values: "visible ASCII characters without spaces",
    standard: "none",
    unset: (): string | undefined => undefined,
    read: bearerToken(1),
    secret: true,
  }),
} as const;

/** Where the log's key is when nobody says otherwise. */
export function standardKey(database: string): string {
  return /^postgres(ql)?:/.test(database) ? "./data/saywhen.key" : `${database}.key`;
}

/** Every setting with its value, by name. */
export type Settings = {
  readonly [Name in keyof typeof settingsTable]: ReturnType<(typeof settingsTable)[Name]["unset"]>;
};

/**
 * Reads every setting from the environment; the only place that does.
 * Answers with all of them, or with every fault there is, each a sentence that begins with its variable.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): { settings: Settings } | { faults: string[] } {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, row] of Object.entries<Setting<unknown>>(settingsTable)) {
    const text = env[row.variable] || undefined;
    values[name] = text === undefined ? row.unset(values) : row.read(text);
    if (text !== undefined && values[name] === undefined) faults.push(faultOf(row, text));
  }
  for (const name of ["database", "databaseRead"]) {
    const address = values[name];
    if (typeof address === "string") values[name] = withPassword(address, env);
  }
  faults.push(...lonelyReplica(values), ...unknownVariables(env));
  return faults.length > 0 ? { faults } : { settings: values as Settings };
}

function setting<Value>(row: Setting<Value>): Setting<Value> {
  return row;
}

function faultOf(row: Setting<unknown>, text: string): string {
  const rule = `${row.variable} must be ${row.values}`;
  return row.secret ? `${rule}.` : `${rule}; it is ${JSON.stringify(text)}.`;
}

function lonelyReplica({ database, databaseRead }: Record<string, unknown>): string[] {
  const isLonely =
    databaseRead !== undefined && typeof database === "string" && postgresAddress(database) === undefined;
  return isLonely
    ? ["SAYWHEN_DATABASE_READ is for a replica of PostgreSQL; SAYWHEN_DATABASE must be `postgres://…`, and is a file."]
    : [];
}

/** A misspelt setting would silently be its default; for one that guards people's word, that is not good enough. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = Object.values(settingsTable).map((row) => row.variable as string);
  return Object.keys(env)
    .filter((variable) => variable.startsWith("SAYWHEN_") && !known.includes(variable))
    .sort()
    .map((variable) => {
      const meant = nearest(variable, known);
      const hint = meant === undefined ? "docs/config.md lists those there are." : `did you mean ${meant}?`;
      return `${variable} is not a setting; ${hint}`;
    });
}
