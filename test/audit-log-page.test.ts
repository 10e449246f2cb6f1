import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { printCheckpoint, printReceipt, rawPublicKey, signNote, verifierKeyOf } from "../src/audit/checkpoint.ts";
import { printBundle } from "../src/audit/tiles.ts";
import { RunningTree } from "../src/audit/tree.ts";
import {
  canonicalJson,
  commitmentOf,
  hashLeaf,
  hashNode,
  keyId,
  printEntry,
  verifyReceipt,
} from "../src/audit/verify-receipt.ts";
import type { Draft } from "../src/domain/change.ts";
import { changeText } from "../src/storage/change-text.ts";
import { temporaryFolder } from "./support/service.ts";

// docs/audit-log.md's example, recomputed from the inputs that the page itself gives: seed, origin, changes and salts.

const page = readFileSync(new URL("../docs/audit-log.md", import.meta.url), "utf8");
const blocks = new Map(
  [...page.matchAll(/^```(?:text|json|sh) (\S+)\n([^]*?)\n```$/gm)].map(([, label = "", text = ""]) => [label, text]),
);
const compared = new Set<string>();

function on(label: string): string {
  return blocks.get(label) ?? assert.fail(`the page has lost its ${label}`);
}

function says(label: string, value: string): void {
  compared.add(label);
  assert.equal(on(label), value, label);
}

const origin = on("origin");
const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const key = createPrivateKey({ key: Buffer.concat([prefix, hex("seed")]), format: "der", type: "pkcs8" });

function hex(label: string): Buffer {
  return Buffer.from(on(label), "hex");
}

const records = [0, 1, 2].map((position) => {
  const change = JSON.parse(on(`change-${position}`)) as Draft & { at: string };
  const salt = hex(`salt-${position}`);
  const text = canonicalJson(change);
  const commitment = commitmentOf(salt, text);
  const entry = printEntry({ at: change.at, kind: change.kind, commitment });
  return { change, salt, text, commitment, entry, leaf: hashLeaf(entry) };
});
const [first = assert.fail(), second = assert.fail(), third = assert.fail()] = records;
const tree = new RunningTree();
for (const { leaf } of records) tree.add(leaf);
const checkpoint = signNote(printCheckpoint({ origin, size: 3, root: tree.root() }), origin, key);
const receipt = printReceipt({ entry: second.entry, position: 1, path: [first.leaf, third.leaf], checkpoint });

describe("the example in docs/audit-log.md", () => {
  it("has the key that the seed gives", () => {
    assert.deepEqual(hex("seed"), Buffer.from(Array.from({ length: 32 }, (_, index) => index)));
    says("public-key", rawPublicKey(key).toString("hex"));
    says("key-id", keyId(origin, rawPublicKey(key)).toString("hex"));
    says("verifier-key", verifierKeyOf(origin, rawPublicKey(key)));
  });

  it("has of each change the text, the commitment, the entry and the leaf", () => {
    for (const [position, { change, text, commitment, entry, leaf }] of records.entries()) {
      says(`text-${position}`, text);
      assert.equal(changeText(sortedDocument(change), change.at), text, "the store writes another text");
      says(`commitment-${position}`, commitment.toString("hex"));
      says(`entry-${position}`, entry.toString());
      says(`leaf-${position}`, leaf.toString("hex"));
    }
  });

  it("has the tree, its checkpoint, its tile and its bundle", () => {
    says("node", hashNode(first.leaf, second.leaf).toString("hex"));
    says("root", tree.root().toString("hex"));
    says("checkpoint", checkpoint.slice(0, -1));
    says("tile", records.map(({ leaf }) => leaf.toString("hex")).join("\n"));
    const bundle = printBundle(records.map(({ entry }) => entry)).toString("hex");
    says("bundle", (bundle.match(/.{1,96}/g) ?? []).join("\n"));
  });

  it("has a receipt and an opening that verify", () => {
    says("receipt", receipt.slice(0, -1));
    const { change } = second;
    says("opening", canonicalOpening({ position: 1, salt: second.salt.toString("base64"), change }));
    const verdict = verifyReceipt(`${on("receipt")}\n`, on("verifier-key"), on("opening"));
    assert.deepEqual(verdict, { ok: true, origin, position: 1, size: 3, at: change.at, kind: change.kind, change });
  });

  it("has no value that is not compared here", () => {
    const inputs = /^(?:seed|origin|change-\d|salt-\d|.+-by-hand)$/;
    const left = [...blocks.keys()].filter((label) => !compared.has(label) && !inputs.test(label));
    assert.deepEqual(left, []);
  });
});

/** The members in the order of the specification, the change's own sorted as the store keeps them. */
function canonicalOpening({ position, salt, change }: { position: number; salt: string; change: object }): string {
  return `{"position":${position},"salt":"${salt}","change":${canonicalJson(change)}}`;
}

function sortedDocument<Change extends Draft>(change: Change): Change {
  return { ...change, document: JSON.parse(canonicalJson(change.document)) };
}

describe("the shell lines in docs/audit-log.md", () => {
  for (const [label, expected] of [
    ["commitment-by-hand", Array(2).fill(second.commitment.toString("base64")).join("\n")],
    ["root-by-hand", Array(2).fill(tree.root().toString("base64")).join("\n")],
    ["signature-by-hand", "Signature Verified Successfully"],
  ] as const) {
    it(`verify the example: ${label}`, { skip: missingTool() }, () => {
      using folder = temporaryFolder();
      writeFileSync(join(folder.path, "change.tlog-proof"), `${on("receipt")}\n`);
      writeFileSync(join(folder.path, "change.json"), on("opening"));
      writeFileSync(join(folder.path, "key.txt"), `${on("verifier-key")}\n`);
      const answer = execFileSync("sh", ["-ec", on(label)], { cwd: folder.path, encoding: "utf8" });
      assert.equal(answer.trim(), expected);
    });
  }
});

/** What the shell lines need and is not here; false when they can be run. */
function missingTool(): string | false {
  for (const [tool, ...args] of [
    ["openssl", "version"],
    ["base64", "--version"],
    ["jq", "--version"],
  ] as const) {
    try {
      const version = execFileSync(tool, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      if (tool === "openssl" && !/^OpenSSL (?:[3-9]|\d\d)/.test(version)) return "openssl is older than 3";
    } catch {
      return `${tool} is not installed`;
    }
  }
  return false;
}
