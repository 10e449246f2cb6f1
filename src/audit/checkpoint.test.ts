import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { openCheckpoint, printCheckpoint, rawPublicKey, signNote, verifierKeyOf } from "./checkpoint.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const key = verifierKeyOf("example.com/log", rawPublicKey(privateKey));
const other = verifierKeyOf("example.com/log", rawPublicKey(generateKeyPairSync("ed25519").publicKey));
const elsewhere = verifierKeyOf("example.com/log/2", rawPublicKey(privateKey));
const root = Buffer.alloc(32, 7);
const note = signNote(printCheckpoint({ origin: "example.com/log", size: 3, root }), "example.com/log", privateKey);

describe("opening a checkpoint", () => {
  it("says what was signed, and by which of the keys", () => {
    for (const keys of [[key], [elsewhere, other, key], new Set([other, key]).keys()]) {
      assert.deepEqual(openCheckpoint(note, keys), { ok: true, origin: "example.com/log", size: 3, root, key });
    }
  });

  it("says why a note shows nothing", () => {
    const why = (text: string, keys: readonly string[]) => {
      const opened = openCheckpoint(text, keys);
      return opened.ok ? assert.fail() : opened.why;
    };
    assert.match(why(note, []), /not signed by a key of this log/);
    assert.match(why(note, [elsewhere]), /not signed by a key of this log/);
    assert.match(why(note, [other]), /not signed by the key of example\.com\/log\./);
    assert.match(why(note.replace("\n3\n", "\n4\n"), [other, key]), /does not fit the checkpoint/);
    for (const text of ["", "damaged", "damaged\n", "example.com/log\n", note.slice(0, -1)]) why(text, [key]);
  });
});
