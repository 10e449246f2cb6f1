import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system in memory, of 4 MiB unless told, for as long as `use` runs; answers false where none may be mounted. */
export async function onSmallDisk(use: (folder: string) => Promise<void>, megabytes = 4): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
  try {
    if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]).status !== 0) return false;
    try {
      await use(folder);
    } finally {
      spawnSync("umount", [folder]);
    }
    return true;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Fills what room is left, as another program's file would. */
export function fill(file: string): void {
  let size = 4 * 1024 * 1024;
  while (size >= 4096) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch {
      size /= 2;
    }
  }
}
