import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { rawPublicKey } from "../audit/checkpoint.ts";
import { KeyUnusable } from "../service/key-files.ts";
import { StoreUnavailable } from "../service/store.ts";
import { makeKey, openKeyFiles } from "./key-files.ts";

const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
after(() => rmSync(folder, { recursive: true }));

let folders = 0;
/** A path in a folder that is not there yet. */
function newPath(): string {
  folders += 1;
  return join(folder, String(folders), "log.key");
}

const places = [
  { place: "on disk", files: () => openKeyFiles(newPath()) },
  { place: "in memory", files: () => openKeyFiles(":memory:") },
];

for (const { place, files } of places) {
  describe(`key files ${place}`, () => {
    it("have nothing before something is kept", () => {
      const empty = files();
      assert.equal(empty.privateKey(), undefined);
      assert.equal(empty.keptCheckpoint(), undefined);
      assert.deepEqual(empty.erasures(), []);
      assert.throws(() => empty.secret("erasures"), KeyUnusable);
    });

    it("make an Ed25519 key, and another one when asked again", () => {
      const kept = files();
      const key = kept.newKey();
      assert.equal(key.asymmetricKeyType, "ed25519");
      assert.ok(kept.privateKey()?.equals(key));
      const next = kept.newKey();
      assert.ok(!next.equals(key));
      assert.ok(kept.privateKey()?.equals(next));
    });

    it("answer the same secret for the same use, whatever key came after the first", () => {
      const kept = files();
      kept.newKey();
      const secret = kept.secret("erasures");
      assert.equal(secret.length, 32);
      assert.notDeepEqual(kept.secret("other"), secret);
      kept.newKey();
      kept.newKey();
      assert.deepEqual(kept.secret("erasures"), secret);
    });

    it("keep the last checkpoint, and every line of the book of erasures", async () => {
      const kept = files();
      kept.newKey();
      await kept.keepCheckpoint("the first, which is longer\n");
      await kept.keepCheckpoint("the second\n");
      assert.equal(kept.keptCheckpoint(), "the second\n");
      kept.addErasure("one");
      kept.addErasure("two");
      assert.deepEqual(kept.erasures(), ["one", "two"]);
    });

    it("keep no checkpoint that is smaller than the one of the same log that is there", async () => {
      const kept = files();
      kept.newKey();
      for (const [origin, size, expected] of [
        ["a", 9, "a\n9\n"],
        ["a", 8, "a\n9\n"],
        ["a", 10, "a\n10\n"],
        ["a", 9, "a\n10\n"],
        ["b", 3, "b\n3\n"],
      ] as const) {
        await kept.keepCheckpoint(`${origin}\n${size}\n`);
        assert.equal(kept.keptCheckpoint(), expected);
      }
    });

    it("take a line back, and those after it, in whatever order they are taken back", () => {
      const kept = files();
      kept.newKey();
      kept.addErasure("one");
      const [two, three] = [kept.addErasure("two"), kept.addErasure("three")];
      three();
      assert.deepEqual(kept.erasures(), ["one", "two"]);
      kept.addErasure("four");
      two();
      assert.deepEqual(kept.erasures(), ["one"]);
      three();
      assert.deepEqual(kept.erasures(), ["one"]);
      kept.addErasure("five");
      assert.deepEqual(kept.erasures(), ["one", "five"]);
    });
  });
}

describe("key files on disk", () => {
  it("are for their owner only, in a folder that is made for them, and are there for the next who opens them", async () => {
    const path = newPath();
    const files = openKeyFiles(path);
    const key = files.newKey();
    await files.keepCheckpoint("signed\n");
    files.addErasure("one");
    assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
    const names = readdirSync(join(path, "..")).sort();
    assert.deepEqual(names, ["log.key", "log.key.checkpoint", "log.key.erased"]);
    for (const name of names) assert.equal(statSync(join(path, "..", name)).mode & 0o777, 0o600);
    const again = openKeyFiles(path);
    assert.ok(again.privateKey()?.equals(key));
    assert.equal(again.keptCheckpoint(), "signed\n");
    assert.deepEqual(again.erasures(), ["one"]);
    assert.deepEqual(again.secret("erasures"), files.secret("erasures"));
  });

  it("are shared by processes: they make one key, and each checkpoint that is read is whole", async () => {
    const path = newPath();
    const work = `import { rawPublicKey } from ${JSON.stringify(new URL("../audit/checkpoint.ts", import.meta.url).href)};
      import { openKeyFiles } from ${JSON.stringify(new URL("key-files.ts", import.meta.url).href)};
      const files = openKeyFiles(${JSON.stringify(path)});
      await new Promise((resolve) => setTimeout(resolve, Number(process.argv[1]) - Date.now()));
      process.stdout.write(rawPublicKey(files.firstKey()).toString("base64"));
      for (let size = 1; size <= 50; size += 1) {
        await files.keepCheckpoint("origin\\n" + size + "\\n" + "x".repeat(size) + "\\n");
        const [, kept, rest] = files.keptCheckpoint().split("\\n");
        if (rest !== "x".repeat(Number(kept))) throw new Error("cut off");
      }`;
    const start = String(Date.now() + 1000);
    const run = promisify(execFile);
    const args = ["--input-type=module", "-e", work, start];
    const made = await Promise.all([1, 2, 3].map(() => run(process.execPath, args)));
    assert.equal(new Set(made.map(({ stdout }) => stdout)).size, 1);
    const key = openKeyFiles(path).privateKey();
    assert.equal(key && rawPublicKey(key).toString("base64"), made[0]?.stdout);
    assert.match(openKeyFiles(path).keptCheckpoint() ?? "", /^origin\n50\n/);
    assert.deepEqual(readdirSync(join(path, "..")).sort(), ["log.key", "log.key.checkpoint"]);
  });

  it("keep each key that a new one replaced, to the letter", () => {
    const path = newPath();
    const files = openKeyFiles(path);
    files.newKey();
    const before = readFileSync(path, "utf8");
    files.newKey();
    const [old = "", ...others] = readdirSync(join(path, "..")).filter((name) => name.endsWith(".old"));
    assert.deepEqual(others, []);
    assert.match(old, /^log\.key\.[0-9a-f]{16}\.old$/);
    assert.equal(readFileSync(join(path, "..", old), "utf8"), before);
    files.newKey();
    assert.equal(readdirSync(join(path, "..")).filter((name) => name.endsWith(".old")).length, 2);
  });

  it("carry nothing along that signs as a key of before, only what secrets are derived from", () => {
    const path = newPath();
    const files = openKeyFiles(path);
    const first = files.newKey();
    const secret = files.secret("erasures");
    files.newKey();
    files.newKey();
    const blocks = readFileSync(path, "utf8").split(/-----[^-]+-----/);
    const carried = blocks.map((block) => Buffer.from(block, "base64"));
    const seed = first.export({ format: "der", type: "pkcs8" }).subarray(-32);
    assert.ok(!carried.some((bytes) => bytes.includes(seed)));
    assert.deepEqual(openKeyFiles(path).secret("erasures"), secret);
    // Exported by another program, the key alone is left.
    const key = String(openKeyFiles(path).privateKey()?.export({ format: "pem", type: "pkcs8" }));
    writeFileSync(path, key);
    assert.notDeepEqual(openKeyFiles(path).secret("erasures"), secret);
  });

  it("take a key that another program made, also one with text around it", () => {
    const path = newPath();
    openKeyFiles(path).newKey();
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(path, `our key\n${String(privateKey.export({ format: "pem", type: "pkcs8" }))}`);
    const held = openKeyFiles(path).privateKey();
    assert.ok(held && createPublicKey(held).equals(publicKey));
    assert.deepEqual(rawPublicKey(held), rawPublicKey(publicKey));
  });

  it("refuse a file that holds no Ed25519 key, and never write over it", () => {
    const path = newPath();
    openKeyFiles(path).newKey();
    const { privateKey } = generateKeyPairSync("x25519");
    for (const text of ["", "not a key", String(privateKey.export({ format: "pem", type: "pkcs8" }))]) {
      writeFileSync(path, text);
      const files = openKeyFiles(path);
      assert.throws(() => files.privateKey(), KeyUnusable);
      assert.throws(() => files.newKey(), KeyUnusable);
      assert.equal(readFileSync(path, "utf8"), text);
    }
  });

  it("begin a line of their own after one that was cut off", () => {
    const path = newPath();
    const files = openKeyFiles(path);
    files.newKey();
    files.addErasure("one");
    appendFileSync(`${path}.erased`, "tw");
    files.addErasure("three");
    assert.deepEqual(files.erasures(), ["one", "tw", "three"]);
  });

  it("take a key that was made elsewhere on only when they are given it, and keep the one before", () => {
    const path = newPath();
    const files = openKeyFiles(path);
    const before = files.newKey();
    const key = makeKey();
    assert.ok(files.privateKey()?.equals(before));
    files.putKey(key);
    assert.ok(files.privateKey()?.equals(key));
    assert.equal(readdirSync(join(path, "..")).filter((name) => name.endsWith(".old")).length, 1);
  });

  it("refuse a line that the disk takes only in part, and leave nothing of it in the book", () => {
    const path = newPath();
    openKeyFiles(path).newKey();
    // One block of 512 bytes is all that a file may have: 18 bytes of the line still go into it.
    const before = `${"x".repeat(492)}\nc`;
    writeFileSync(`${path}.erased`, before);
    const work = `
      const { openKeyFiles } = await import(${JSON.stringify(new URL("key-files.ts", import.meta.url))});
      try { openKeyFiles(${JSON.stringify(path)}).addErasure("${"9".repeat(60)}"); }
      catch (error) { process.stdout.write(error.name); }`;
    const script = 'ulimit -f 1 && exec "$0" --input-type=module -e "$1"';
    const { stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, work], { encoding: "utf8" });
    assert.equal(stdout, "StoreUnavailable", stderr);
    assert.equal(readFileSync(`${path}.erased`, "utf8"), before);
  });

  it("say that the storage is unavailable when something cannot be kept", async () => {
    const files = openKeyFiles(newPath());
    await assert.rejects(files.keepCheckpoint("no folder\n"), StoreUnavailable);
    assert.throws(() => files.addErasure("no folder"), StoreUnavailable);
  });
});
