import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/**
 * Makes a new folder on a real disk: the system's temporary folder, or where that is memory, the checkout's own
 * `data/`. In memory an fsync costs nothing and the figures would mean nothing.
 *
 * @throws when both are in memory.
 */
export function diskFolder(): string {
  const checkout = join(import.meta.dirname, "../../data");
  if (!isMemory(tmpdir())) return mkdtempSync(join(tmpdir(), "saywhen-bench-"));
  mkdirSync(checkout, { recursive: true });
  if (!isMemory(checkout)) return mkdtempSync(join(checkout, "bench-"));
  throw new Error(`${tmpdir()} and ${checkout} are both in memory; set TMPDIR to a folder on a disk.`);
}

/** @throws when a folder is in memory, where an fsync costs nothing. */
export function refuseMemory(folder: string): void {
  if (isMemory(folder)) throw new Error(`${folder} is in memory; set TMPDIR to a folder on a disk.`);
}

/** Removes a folder. Retried, because a process that was just killed may still hold a file open for a moment. */
export function discard(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

function isMemory(folder: string): boolean {
  return [TMPFS, RAMFS].includes(statfsSync(folder).type);
}
