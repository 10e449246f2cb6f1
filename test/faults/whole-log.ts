import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { verifierKeyOf } from "../../src/audit/checkpoint.ts";
import { RunningTree } from "../../src/audit/tree.ts";
import {
  commitmentOf,
  hashLeaf,
  openNote,
  parseCheckpoint,
  printEntry,
  verifyReceipt,
} from "../../src/audit/verify-receipt.ts";
import type { Erasure } from "../../src/domain/log-acts.ts";
import { carryOut } from "../support/commands.ts";

/** A change as its row has it. */
export interface Recorded {
  readonly position: number;
  readonly kind: string;
  /** The entry in the log. */
  readonly entry: Buffer;
  /** What it says; undefined once it was erased. */
  readonly said?: Said;
}

interface Said {
  readonly at: string;
  readonly document: unknown;
  readonly evidence?: Readonly<Record<string, string>>;
  readonly kind: string;
  readonly stream: string;
  readonly trackingId?: string;
}

/** A row of the changes. */
export interface Row {
  readonly position: number;
  readonly at: number;
  readonly stream: number;
  readonly previous: number | null;
  readonly kind: string;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly body: string;
}

/**
 * Reads a log from its file and asserts all that must be true of it at any moment, by other means than the program's
 * own: positions without gaps, times that never go back, chains and heads that fit, commitments that fit their changes,
 * and nothing blank but what an erasure names.
 *
 * @returns every change, in order
 */
export function readLog(file: string): Recorded[] {
  using db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare("SELECT * FROM change ORDER BY position").all() as unknown as Row[];
  const heads = db.prepare("SELECT id, head FROM stream").all() as unknown as StoredHead[];
  const recorded = assertRows(rows, heads);
  assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
  return recorded;
}

/** A stream's row. */
export interface StoredHead {
  readonly id: number;
  readonly head: number;
}

/** Asserts all that must be true of a log's rows, in the order of their positions. */
export function assertRows(rows: readonly Row[], heads: readonly StoredHead[]): Recorded[] {
  assertChains(rows, heads);
  const recorded = rows.map(recordedOf);
  assertErasures(recorded);
  return recorded;
}

/**
 * The same, for a log that nothing was taken from: its tree extends every checkpoint that was ever given out.
 *
 * @param notes checkpoints that were given out for this log; the one that is kept beside its key is among them anyway
 */
export function wholeLog(file: string, notes: readonly string[] = []): Recorded[] {
  const recorded = readLog(file);
  const kept = `${file}.key.checkpoint`;
  assertExtends(keysOf(file), recorded, existsSync(kept) ? [...notes, readFileSync(kept, "utf8")] : notes);
  return recorded;
}

function assertChains(rows: readonly Row[], stored: readonly StoredHead[]): void {
  const heads = new Map<number, number>();
  let now = 0;
  for (const [index, { position, at, stream, previous }] of rows.entries()) {
    assert(position === index, `position ${index} is missing`);
    assert(at >= now, `the time goes back at position ${position}`);
    assert(previous === (heads.get(stream) ?? null), `the chain is broken at position ${position}`);
    heads.set(stream, position);
    now = at;
  }
  assert.deepEqual(new Map(stored.map(({ id, head }) => [id, head])), heads);
}

function recordedOf({ position, at, kind, salt, commitment, body }: Row): Recorded {
  const entry = printEntry({ at: new Date(at).toISOString(), kind, commitment: Buffer.from(commitment) });
  if (body.trim() === "") return { position, kind, entry };
  assert(commitmentOf(salt, body).equals(commitment), `the change at position ${position} does not fit its entry`);
  const said = JSON.parse(body) as Said;
  assert(Date.parse(said.at) === at && said.kind === kind, `another time or kind at position ${position}`);
  return { position, kind, entry, said };
}

/** What is blank is what the erasures name, each of them after what it erased. */
function assertErasures(recorded: readonly Recorded[]): void {
  const named = recorded.flatMap((change) => {
    const positions = erasedBy(change);
    assert(positions.every((erased) => erased < change.position));
    return positions;
  });
  const blank = recorded.filter(({ said }) => said === undefined).map(({ position }) => position);
  assert.deepEqual(
    named.sort((one, other) => one - other),
    blank,
  );
}

/** What tells a change from all others; undefined for one that bears no mark, or was erased. */
export function markOf({ said }: Recorded): string | undefined {
  return said?.evidence?.["mark"];
}

/** The positions that a change erased; none when it is no erasure. */
export function erasedBy({ kind, said }: Recorded): readonly number[] {
  return kind === "erasure" && said !== undefined ? (said.document as Erasure).positions : [];
}

/** Asserts that the log's tree has every checkpoint in it that was ever given out. */
export function assertExtends(keys: Keys, recorded: readonly Recorded[], notes: readonly string[]): void {
  const roots = new Map<number, Buffer>();
  for (const note of new Set(notes)) {
    const { size, root } = parseCheckpoint(openNote(note, keyFor(note, keys)));
    assert(size <= recorded.length, `${size} entries were signed for, and ${recorded.length} are there`);
    assert(root.equals(roots.get(size) ?? root), `two checkpoints of ${size} entries differ`);
    roots.set(size, root);
  }
  const tree = new RunningTree();
  for (const { entry } of recorded) {
    tree.add(hashLeaf(entry));
    const root = roots.get(tree.size);
    assert(root === undefined || root.equals(tree.root()), `the log is not the one signed for at ${tree.size} entries`);
  }
}

/** Verifier keys by their origin. */
export type Keys = ReadonlyMap<string, string>;

/** The keys of all identities that a log has had. */
function keysOf(file: string): Keys {
  using db = new DatabaseSync(file, { readOnly: true });
  return keysOfAll(db.prepare("SELECT origin, public_key FROM log").all() as unknown as Identity[]);
}

/** Verifier keys by their origin, of a log's identities. */
export function keysOfAll(identities: readonly Identity[]): Keys {
  return new Map(identities.map(({ origin, public_key: key }) => [origin, verifierKeyOf(origin, key)]));
}

/** A row of the log's identities. */
export interface Identity {
  readonly origin: string;
  readonly public_key: Uint8Array;
}

function keyFor(note: string, keys: Keys): string {
  const key = keys.get(note.slice(0, note.indexOf("\n")));
  assert(key !== undefined, `nobody signs under this name:\n${note}`);
  return key;
}

/**
 * Asserts that each receipt proves the entry of its change, by the key of its time.
 *
 * @param from the keys, or the file that has them
 */
export function assertReceipts(from: Keys | string, recorded: readonly Recorded[], receipts: readonly string[]): void {
  const keys = typeof from === "string" ? keysOf(from) : from;
  for (const receipt of receipts) {
    const verdict = verifyReceipt(receipt, keyFor(checkpointOf(receipt), keys));
    assert(verdict.ok, verdict.ok ? "" : `${verdict.why}\n${receipt}`);
    const proven = /^extra (.*)$/m.exec(receipt)?.[1];
    assert.equal(proven, recorded[verdict.position]?.entry.toString("base64"));
  }
}

/** The signed note at the end of a receipt. */
export function checkpointOf(receipt: string): string {
  return receipt.slice(receipt.indexOf("\n\n") + 2);
}

/** Asserts that `saywhen verify` ends as it should: 0 when it finds nothing wrong. Answers with what it printed. */
export async function assertVerify(
  database: string,
  exitCode = 0,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const verified = await carryOut(["verify"], { ...env, SAYWHEN_DATABASE: database });
  assert.equal(verified.exitCode, exitCode, verified.printed + verified.told);
  return verified.printed;
}
