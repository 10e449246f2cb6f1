import { openCheckpoint, verifierKeyOf } from "../audit/checkpoint.ts";
import type { Continuation } from "../domain/log-acts.ts";
import type { MarkKey } from "../domain/suppression.ts";
import { type ChangeRow, isErased, type Said, saidIn } from "./change-row.ts";
import { type Inspection, StorageDamaged } from "./inspection.ts";
import type { LogIdentity } from "./log-store.ts";
import { type Marker, markerOf } from "./mark.ts";
import { ChangeCheck } from "./verify/check-changes.ts";
import { DerivedCheck } from "./verify/check-derived.ts";
import { type Loss, type SignedRoot, TreeCheck } from "./verify/check-tree.ts";
import { type Finding, type FindingKind, Findings } from "./verify/findings.ts";

/** A checkpoint that was kept, and where, as it is to be said: `in FILE`. */
export interface KeptCheckpoint {
  readonly note: string;
  readonly where: string;
}

export interface VerifyOptions {
  /** Checkpoints that were kept elsewhere. Those that the log records are always compared as well. */
  readonly checkpoints?: readonly KeptCheckpoint[];
  /** Verifier keys for them, beside those of the log's identities. Each has to have signed one that is compared. */
  readonly keys?: readonly string[];
  /** Called now and then with how many changes are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What came of it. */
export interface VerifiedLog {
  /** How many entries the log has. */
  readonly size: number;
  /** The root hash over them, as far as there is no gap; 32 bytes. */
  readonly root: Buffer;
  /** How many checkpoints it was compared with. */
  readonly checkpoints: number;
  /** What is wrong, by position, what is about no position last; a hundred of each kind at most. */
  readonly findings: readonly Finding[];
  /** How many findings of each kind there are in all. */
  readonly counts: Readonly<Record<FindingKind, number>>;
  /** What was lost before the log was continued, and owned up to then; by position. Nothing of it is a finding. */
  readonly losses: readonly Loss[];
}

/**
 * Goes through the whole log once, in its order: every change against its entry, everything derived against the
 * changes, the entries against every checkpoint that the log records or that is given. Damaged or not, it changes
 * nothing; what it finds is in the answer.
 *
 * Rejects with StoreUnavailable when the storage cannot be read now.
 */
export async function verifyLog(inspection: Inspection, options: VerifyOptions = {}): Promise<VerifiedLog> {
  const findings = new Findings();
  const walk = new Walk(inspection, options, findings);
  try {
    await walk.run();
  } catch (error) {
    if (!(error instanceof StorageDamaged)) throw error;
    findings.add("log", `What follows cannot be read: ${error.message}.`, walk.end);
  }
  return { ...walk.answer, findings: findings.list(), counts: findings.counts };
}

class Walk {
  readonly #inspection: Inspection;
  readonly #options: VerifyOptions;
  readonly #findings: Findings;
  readonly #changes: ChangeCheck;
  readonly #derived: DerivedCheck;
  /** The continuations of the log, by the key that they name. */
  readonly #continued = new Map<string, number>();
  #tree: TreeCheck;
  #compared = 0;

  constructor(inspection: Inspection, options: VerifyOptions, findings: Findings) {
    this.#inspection = inspection;
    this.#options = options;
    this.#findings = findings;
    this.#changes = new ChangeCheck(findings);
    this.#derived = new DerivedCheck(inspection, findings);
    this.#tree = new TreeCheck(inspection, [], findings);
  }

  /** The position up to which the changes were read. */
  get end(): number {
    return this.#changes.end;
  }

  get answer() {
    return { size: this.#changes.end, root: this.#tree.root(), checkpoints: this.#compared, losses: this.#tree.losses };
  }

  async run(): Promise<void> {
    for (const { what, isDerived } of await this.#inspection.faults()) {
      this.#findings.add(isDerived ? "derived" : "log", `The storage finds itself damaged: ${what}.`);
    }
    const identities = await this.#inspection.identities();
    const signed = signedRoots(identities, this.#options, this.#findings);
    this.#compared = signed.length;
    const keyChanges = await this.#keyChanges();
    this.#tree = new TreeCheck(this.#inspection, [...signed, ...keyChanges.flatMap(rootBefore)], this.#findings);
    await this.#derived.open(markerIn(keyChanges));
    await this.#walk();
    this.#changes.finish();
    await this.#tree.finish(this.#changes.end);
    await this.#derived.finish();
    this.#compareIdentities(identities);
  }

  async #walk(): Promise<void> {
    const total = await this.#inspection.size();
    await this.#tree.open(total);
    for await (const page of this.#inspection.changes()) {
      for (const row of page) {
        if (!this.#changes.isInPlace(row)) continue;
        const said = this.#changes.take(row);
        this.#tree.take(row, said);
        this.#derived.take(row, said, isErased(row));
        if (said?.kind === "continuation") this.#continues(said, row.position);
      }
      await this.#tree.settle();
      this.#options.onProgress?.(this.#changes.end, total);
    }
  }

  /** The changes that are to be known before the others. */
  async #keyChanges(): Promise<readonly ChangeRow[]> {
    try {
      return await this.#inspection.keyChanges();
    } catch (error) {
      if (error instanceof StorageDamaged) return []; // The walk comes to the same damage, and says where.
      throw error;
    }
  }

  #continues({ document }: Said, position: number): void {
    const { key } = Object(document) as Partial<Continuation>;
    if (key !== undefined) this.#continued.set(key, position);
  }

  /** Every identity but the first was taken on with a change that says so. */
  #compareIdentities(identities: readonly LogIdentity[]): void {
    for (const { origin, publicKey, since } of identities.slice(1)) {
      const position = this.#continued.get(verifierKeyOf(origin, publicKey));
      if (position !== undefined && since === position + 1) continue;
      this.#findings.add("checkpoint", `No change says that the log became ${origin} where it is said to.`, position);
    }
  }
}

/** Who marks addresses by the key of the log; undefined when it has none, or one that is damaged, which is found as such. */
function markerIn(rows: readonly ChangeRow[]): Marker | undefined {
  const row = rows.findLast(({ kind }) => kind === "marking");
  const said = row && saidIn(row);
  if (said === undefined || typeof said === "string") return undefined;
  const { key } = Object(said.document) as Partial<MarkKey>;
  return typeof key === "string" ? markerOf({ key }) : undefined;
}

/** What a continuation names as the last that was signed before it; nothing of one that is damaged, which is found as such. */
function rootBefore(row: ChangeRow): SignedRoot[] {
  const said = saidIn(row);
  if (typeof said === "string") return [];
  const { lastCheckpoint, previousKey } = Object(said.document) as Partial<Continuation>;
  if (typeof lastCheckpoint !== "string" || typeof previousKey !== "string") return [];
  const opened = openCheckpoint(lastCheckpoint, [previousKey]);
  if (!opened.ok) return [];
  const { size, root } = opened;
  return [{ size, root, where: "before the log was continued", continuation: row.position }];
}

/** What was signed, by the log's own records and by the checkpoints that are given; what does not verify is noted. */
function signedRoots(
  identities: readonly LogIdentity[],
  { checkpoints = [], keys = [] }: VerifyOptions,
  findings: Findings,
): SignedRoot[] {
  const known = new Set([...identities.map(({ origin, publicKey }) => verifierKeyOf(origin, publicKey)), ...keys]);
  const roots: SignedRoot[] = [];
  const signers = new Set<string>();
  const take = (keysOf: Iterable<string>, { note, where }: KeptCheckpoint, size?: number): void => {
    const opened = openCheckpoint(note, keysOf);
    if (!opened.ok) return findings.add("checkpoint", `The checkpoint ${where} shows nothing: ${opened.why}`);
    signers.add(opened.key);
    roots.push({ size: opened.size, root: opened.root, where });
    if (size === undefined || size === opened.size) return;
    findings.add("checkpoint", `The checkpoint ${where} is of another size than is recorded with it.`);
  };
  for (const { origin, publicKey, checkpoint } of identities) {
    const where = `that is recorded for ${origin}`;
    if (checkpoint) take([verifierKeyOf(origin, publicKey)], { note: checkpoint.note, where }, checkpoint.size);
  }
  for (const kept of checkpoints) take(known, kept);
  for (const key of keys) {
    if (!signers.has(key))
      findings.add("checkpoint", `The key ${key} has signed nothing that the log is compared with.`);
  }
  return roots;
}
