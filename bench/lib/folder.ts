import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync } from "node:fs";
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
  return mkdtempSync(join(onDisk(), "saywhen-bench-"));
}

/**
 * A folder in the same place that stays there, for what takes long to make: the next run finds it.
 *
 * @param make fills it; when that fails, or is cut off, there is none
 */
export async function keptFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const kept = join(onDisk(), `saywhen-bench-${name}`);
  if (existsSync(kept)) return kept;
  const folder = diskFolder();
  try {
    await make(folder);
    renameSync(folder, kept);
    return kept;
  } catch (error) {
    discard(folder);
    throw error;
  }
}

function onDisk(): string {
  const checkout = join(import.meta.dirname, "../../data");
  if (!isMemory(tmpdir())) return tmpdir();
  mkdirSync(checkout, { recursive: true });
  if (!isMemory(checkout)) return checkout;
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
