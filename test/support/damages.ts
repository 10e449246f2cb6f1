import type { FindingKind } from "../../src/service/verify/findings.ts";

/** What databases say differently. */
export interface Dialect {
  /** An expression for bytes. */
  readonly bytes: (hex: string) => string;
  /** An expression for two of those, one after the other. */
  readonly joined: (one: string, other: string) => string;
  /** What is left of a text once it was erased. */
  readonly blankBody: string;
}

export const sqlite: Dialect = {
  bytes: (hex) => `x'${hex}'`,
  joined: (one, other) => `CAST(${one} || ${other} AS BLOB)`,
  blankBody: "printf('%*s', octet_length(body), '')",
};

export const postgres: Dialect = {
  bytes: (hex) => `decode('${hex}', 'hex')`,
  joined: (one, other) => `${one} || ${other}`,
  blankBody: "repeat(' ', octet_length(body))",
};

/** A finding: its kind, the position that it names, and its sentence. */
export type Found = readonly [kind: FindingKind, position: number | undefined, what: RegExp];

/** Something done to the sample history of history.ts behind the service's back, and all that has to be found of it. */
export interface Damage {
  readonly what: string;
  readonly sql: (dialect: Dialect) => string;
  readonly found: readonly Found[];
}

const zeros = "00".repeat(32);
const unfit = /^Its text does not fit the commitment in its entry\.$/;
const otherEntry = /^Its entry has another time or kind than its text\.$/;
const otherLeaf = /^Its entry is not the one that the log's tile was made of\.$/;
const otherLog: Found = ["checkpoint", undefined, /the first 286 entries are not those that were signed for\.$/];
const notCompared: Found = ["checkpoint", undefined, /cannot be compared: changes before it are missing\.$/];
const lost = /no erasure names it: what it said is lost\.$/;
const neverHad = /^Stream number \d+ is stored with an address that it never had\.$/;
const notFound = /^Its subject is not found by an address that it names\.$/;

export const damages: readonly Damage[] = [
  damage("a change's text", "UPDATE change SET body = replace(body, 'a30@', 'b30@') WHERE position = 29", [
    ["log", 29, unfit],
  ]),
  damage("a change's salt", ({ bytes }) => `UPDATE change SET salt = ${bytes(zeros)} WHERE position = 29`, [
    ["log", 29, unfit],
  ]),
  damage("an entry's commitment", ({ bytes }) => `UPDATE change SET commitment = ${bytes(zeros)} WHERE position = 30`, [
    ["log", 30, unfit],
    ["log", 30, otherLeaf],
    otherLog,
  ]),
  damage("an entry's time", "UPDATE change SET at = at - 100000 WHERE position = 30", [
    ["log", 30, /^Its time is before/],
    ["log", 30, otherEntry],
    ["log", 30, otherLeaf],
    otherLog,
  ]),
  damage("an entry's kind", "UPDATE change SET kind = 'catalogue' WHERE position = 30", [
    ["log", 30, otherEntry],
    ["log", 30, otherLeaf],
    otherLog,
  ]),
  damage("the stream of a change", "UPDATE change SET stream = 1 WHERE position = 276", [
    ["derived", 226, /^Its stream has 276 as its newest change\.$/],
    ["derived", 276, /^It names 226 as its stream's change before it, which is 250\.$/],
    ["derived", 276, /^Its stream is stored under another name\.$/],
    ["derived", 276, notFound],
    ["derived", 276, /^Its stream has 250 as its newest change\.$/],
    ["derived", 226, neverHad],
  ]),
  damage("the link to the change before", "UPDATE change SET previous = 2 WHERE position = 60", [
    ["derived", 60, /^It names 2 as its stream's change before it, which is 10\.$/],
  ]),
  damage("a change that is missing", "DELETE FROM change WHERE position = 30", [
    ["log", 30, /^The change is missing\.$/],
    ["derived", 80, /^Its stream's number is not in the order of the log\.$/],
    ["derived", 80, /^It names 30 as its stream's change before it, which is none\.$/],
    ["derived", 230, neverHad],
    notCompared,
  ]),
  damage("the last change, missing", "DELETE FROM change WHERE position = 285", [
    // It was an erasure.
    ...[6, 56, 106, 156, 206, 256].map((position): Found => ["log", position, lost]),
    ["derived", 284, /^Its stream has 285 as its newest change\.$/],
    ["checkpoint", 285, /is of 286 entries and the log has 285: those from here on are lost\.$/],
  ]),
  damage("a change that lost what it said", (dialect) => blank(12, dialect), [
    ["log", 12, lost],
    ["derived", 262, /^Its stream was erased, and is stored under a name\.$/],
    ["derived", 262, neverHad],
  ]),
  damage(
    "the salt of what was erased",
    ({ bytes }) => `UPDATE change SET salt = ${bytes(`01${zeros}`)} WHERE position = 281`,
    [["derived", 281, /its salt was not erased with it/]],
  ),
  damage("the text of what was erased", "UPDATE change SET body = 'x' || substr(body, 2) WHERE position = 281", [
    ["derived", 281, /^It was erased, but its text/],
  ]),
  damage("the head of a stream", "UPDATE stream SET head = head - 50 WHERE id = 1", [
    ["derived", 250, /^Its stream has 200 as its newest change\.$/],
  ]),
  damage("a stream too many", ({ bytes }) => `INSERT INTO stream (id, digest, head) VALUES (99, ${bytes("00")}, 3)`, [
    ["derived", undefined, /^Stream number 99 has no changes\.$/],
  ]),
  damage("an address that is missing", "DELETE FROM address WHERE stream = 53", [["derived", 282, notFound]]),
  damage("an address too many", ({ bytes }) => `INSERT INTO address (digest, stream) VALUES (${bytes(zeros)}, 1)`, [
    ["derived", 250, neverHad],
  ]),
  damage("an entry of the directory that is missing", "DELETE FROM directory", [
    ["derived", 282, /^The directory has no row that fits it\.$/],
  ]),
  damage("an entry's e-mail address", ({ bytes }) => `UPDATE directory SET email = ${bytes(zeros)}`, [
    ["derived", 282, /^The directory has no row that fits it\.$/],
    ["derived", undefined, /^The directory's row of user 2 is not what its changes say\.$/],
  ]),
  damage("an entry too many", "INSERT INTO directory (kind, id, stream) VALUES ('user', 9, 1)", [
    ["derived", undefined, /^The directory's row of user 9 is not what its changes say\.$/],
  ]),
  damage("the directory's size", "UPDATE directory_size SET entries = 5 WHERE kind = 'user'", [
    ["derived", undefined, /size of users is not what its changes say/],
  ]),
  damage("the directory's size, missing", "DELETE FROM directory_size WHERE kind = 'user'", [
    ["derived", undefined, /size of users is missing/],
  ]),
  damage("a tile too many", ({ bytes }) => `INSERT INTO tile VALUES (0, 1, ${bytes("00")})`, [
    ["derived", undefined, /^Tile 0\/1 is of no part of the log\.$/],
  ]),
  damage("a tile that is cut off", "UPDATE tile SET hashes = substr(hashes, 2) WHERE level = 0", [
    ["derived", undefined, /^Tile 0\/0 /],
  ]),
  damage(
    "a hash in a tile",
    ({ bytes, joined }) => `UPDATE tile SET hashes = ${joined(bytes(zeros), "substr(hashes, 33)")} WHERE level = 0`,
    [["derived", 0, /^Its hash in the log's tile is another\.$/]],
  ),
  damage("a tile that is missing", "DELETE FROM tile WHERE level = 1", [["derived", undefined, /^Tile 1\/0 /]]),
  damage("the size of a checkpoint", "UPDATE log SET checkpoint_size = 285", [
    ["checkpoint", undefined, /another size than is recorded/],
  ]),
  damage("the name of the log", "UPDATE log SET origin = origin || '/x'", [["checkpoint", undefined, /shows nothing/]]),
  damage("the log's key", ({ bytes }) => `UPDATE log SET public_key = ${bytes(zeros)}`, [
    ["checkpoint", undefined, /shows nothing/],
  ]),
];

const otherCode = /^The code that is kept of it is of something else\.$/;

/** The same of the sample history of which codes are kept: the key of marks was recorded at 286. */
export const codeDamages: readonly Damage[] = [
  damage("what a code says", ({ bytes, joined }) => codeOf30(`said = ${joined("said", bytes("00"))}`), [
    ["derived", 279, otherCode],
  ]),
  damage("the position of a code, where it is another change's of the stream", codeOf30("position = 229"), [
    ["derived", 229, otherCode],
  ]),
  damage("the position of a code, where it is another stream's", codeOf30("position = 228"), [
    ["derived", 279, /^A code of its stream is kept as of position 228, where none of its changes is\.$/],
  ]),
  damage("a code of an erased stream", "UPDATE code SET stream = 7 WHERE position = 286", [
    ["derived", 256, /^Its stream was erased, and a code of it is kept\.$/],
  ]),
  damage("a code of no stream", "UPDATE code SET stream = 99 WHERE position = 286", [
    ["derived", undefined, /^A code of stream number 99 is kept, which is missing\.$/],
  ]),
  damage("a code that is not kept", "DELETE FROM code WHERE position = 286", []),
];

function codeOf30(change: string): string {
  return `UPDATE code SET ${change} WHERE stream = 30`;
}

function damage(what: string, sql: Damage["sql"] | string, found: readonly Found[]): Damage {
  return { what, sql: typeof sql === "string" ? () => sql : sql, found };
}

function blank(position: number, { bytes, blankBody }: Dialect): string {
  return `UPDATE change SET salt = ${bytes(zeros)}, body = ${blankBody} WHERE position = ${position}`;
}
