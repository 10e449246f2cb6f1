import assert from "node:assert/strict";
import { createPrivateKey, type KeyObject, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { printCheckpoint, printReceipt, rawPublicKey, signNote, verifierKeyOf } from "./checkpoint.ts";
import { inclusionPath, RunningTree } from "./tree.ts";
import {
  canonicalJson,
  commitmentOf,
  hashLeaf,
  hashNode,
  openNote,
  parseCheckpoint,
  printEntry,
  ReceiptInvalid,
  readEntry,
  rootFromPath,
  type Verdict,
  verifyReceipt,
} from "./verify-receipt.ts";

/** The Ed25519 key of a seed of 32 bytes. */
function keyOf(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

const name = "example.com/log";
const key = keyOf(Buffer.alloc(32, 7));
const verifierKey = verifierKeyOf(name, rawPublicKey(key));
const stranger = keyOf(Buffer.alloc(32, 8));

interface Sample {
  readonly receipt: string;
  readonly opening: string;
}

/** A log of that many changes, and what its service would hand out for the one at the position. */
async function sampleOf(size: number, position: number): Promise<Sample> {
  const changes = Array.from({ length: size }, (_, at) => ({
    at: `2026-03-03T14:05:0${at % 10}.123Z`,
    document: { name: "Zoë €", numbers: [at, 0.5] },
    kind: "preferences",
  }));
  const salts = changes.map((_, at) => Buffer.alloc(32, at));
  const entries = changes.map((change, at) =>
    printEntry({ ...change, commitment: commitmentOf(salts[at] ?? assert.fail(), canonicalJson(change)) }),
  );
  const leaves = entries.map(hashLeaf);
  const path = await inclusionPath(position, size, { node: async (level, index) => subtree(leaves, level, index) });
  const tree = new RunningTree();
  for (const leaf of leaves) tree.add(leaf);
  const checkpoint = signNote(printCheckpoint({ origin: name, size, root: tree.root() }), name, key);
  const opening = { position, salt: salts[position]?.toString("base64"), change: changes[position] };
  return {
    receipt: printReceipt({ entry: entries[position] ?? assert.fail(), position, path, checkpoint }),
    opening: JSON.stringify(opening),
  };
}

function subtree(leaves: readonly Buffer[], level: number, index: number): Buffer {
  if (level === 0) return leaves[index] ?? assert.fail();
  return hashNode(subtree(leaves, level - 1, index * 2), subtree(leaves, level - 1, index * 2 + 1));
}

const five = await sampleOf(5, 3);

function refusal(verdict: Verdict): string {
  assert.ok(!verdict.ok, "it should have been refused");
  return verdict.why;
}

/** Notes with another line of signatures, made by a key that the verifier does not know. */
function witnessed(note: string): string {
  const signed = signNote(note.slice(0, note.lastIndexOf("\n\n") + 1), "witness.example", stranger);
  return `${note}${signed.slice(signed.lastIndexOf("\n\n") + 2)}`;
}

describe("a receipt", () => {
  const facts = { ok: true, origin: name, position: 3, size: 5, at: "2026-03-03T14:05:03.123Z", kind: "preferences" };

  it("proves position, time and kind of its change with nothing but the key", () => {
    assert.deepEqual(verifyReceipt(five.receipt, verifierKey), facts);
  });

  it("proves the change itself together with the opening, however its JSON is laid out", () => {
    const { change } = JSON.parse(five.opening) as { change: object };
    const reordered = { change: Object.fromEntries(Object.entries(change).reverse()), ...JSON.parse(five.opening) };
    for (const opening of [five.opening, JSON.stringify(reordered, undefined, 2)]) {
      assert.deepEqual(verifyReceipt(five.receipt, verifierKey, opening), { ...facts, change });
    }
  });

  it("is proved the same when witnesses have signed too", () => {
    assert.deepEqual(verifyReceipt(witnessed(five.receipt), verifierKey), facts);
  });

  it("proves nothing when one bit of it is flipped, or of its opening where a fact stands", () => {
    for (const [text, with_] of [
      [five.receipt, (flipped: string) => verifyReceipt(flipped, verifierKey)],
      [five.opening, (flipped: string) => verifyReceipt(five.receipt, verifierKey, flipped)],
      [verifierKey, (flipped: string) => verifyReceipt(five.receipt, flipped)],
    ] as const) {
      const bytes = Buffer.from(text);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const verdict = with_(flipped.toString());
        assert.ok(!verdict.ok && /^[A-Z].*\.$/.test(verdict.why), `bit ${bit}: ${JSON.stringify(verdict)}`);
      }
    }
  });

  it("loses no fact by a bit flipped in a line of signatures of another key", () => {
    const whole = Buffer.from(witnessed(five.receipt));
    const start = Buffer.byteLength(five.receipt);
    for (let bit = start * 8; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const verdict = verifyReceipt(flipped.toString(), verifierKey);
      if (verdict.ok) assert.deepEqual(verdict, facts);
    }
  });

  it("never makes the verifier throw, whatever it is given", () => {
    const pieces = fc.constantFrom(...five.receipt.split(/(?<=[\n ])/), "\n", "\n\n", "— ", "a b", "\ud800", "\r", "");
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((all) => all.join("")),
    );
    const heads = texts.map((text) => `${five.receipt.slice(0, five.receipt.indexOf("\n\n"))}${text}`);
    const keys = fc.oneof(
      fc.constant(verifierKey),
      texts,
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => verifierKeyOf(name, raw)),
    );
    const openings = fc.option(fc.oneof(texts, fc.json(), fc.constant(five.opening)), { nil: undefined });
    const receipts = fc.oneof(texts, heads, fc.constant(five.receipt));
    fc.assert(
      fc.property(receipts, keys, openings, (receipt, anyKey, opening) => {
        const verdict = verifyReceipt(receipt, anyKey, opening);
        assert.ok(verdict.ok || verdict.why.length > 10);
      }),
      { numRuns: 1000 },
    );
    const list = "[".repeat(1e5) + "]".repeat(1e5);
    const deep = `{"position":3,"salt":"${Buffer.alloc(32).toString("base64")}","change":{"a":${list}}}`;
    assert.match(refusal(verifyReceipt(five.receipt, verifierKey, deep)), /nested too deeply/);
  });

  it("is refused with a sentence that names what is wrong", async () => {
    const other = await sampleOf(5, 2);
    const longer = await sampleOf(6, 3);
    const [head = "", note = ""] = five.receipt.split(/\n\n(.*)/s);
    const [, otherHead = ""] = /^(.*?)\n\n/s.exec(other.receipt) ?? [];
    const [, , checkpoint = ""] = /^(.*?)\n\n(.*)$/s.exec(longer.receipt) ?? [];
    const foreign = signNote(
      printCheckpoint({ origin: "example.com/other", size: 5, root: randomBytes(32) }),
      name,
      key,
    );
    const lines = head.split("\n");
    const without = (at: number): string => `${lines.toSpliced(at, 1).join("\n")}\n\n${note}`;
    const edited = (from: string | RegExp, to: string): string => five.receipt.replace(from, to);
    const cases: [receipt: string, why: RegExp, key?: string, opening?: string][] = [
      ["", /not a receipt/],
      [head, /cut off/],
      [without(1), /second line does not hold the entry/],
      [without(2), /third line does not hold the index/],
      [without(3), /path has too few hashes/],
      [edited("\nindex", "\nindex 1\nindex"), /Line 4 of the receipt is not base64/],
      [edited("index 3", "index 03"), /index is not a whole number/],
      [edited("index 3", "index 5"), /Position 5 is not in a log of 5/],
      [edited("index 3", "index 2"), /does not lead from the entry/],
      [edited("index 3", "index 4"), /path has too many hashes/],
      [`${otherHead.replace("index 2", "index 3")}\n\n${note}`, /does not lead from the entry/],
      [`${head}\n\n${checkpoint}`, /does not lead from the entry/],
      [`${head}\n\n${foreign}`, /checkpoint is of example.com\/other, but the key is that of example.com\/log/],
      [edited(/\n— .*/, ""), /not a dash, a name and a signature/],
      [edited(/\n5\n/, "\n6\n"), /signature of example.com\/log does not fit the checkpoint/],
      [edited(/\n5\n/, "\r\n5\n"), /not a signed note/],
      [five.receipt, /not signed by the key of example.com\/log/, verifierKeyOf(name, rawPublicKey(stranger))],
      [five.receipt, /name, id and key do not belong together/, verifierKey.replace(name, "example.com/lag")],
      [five.receipt, /not of the form/, "key"],
      [five.receipt, /not one of Ed25519/, verifierKey.slice(0, -4)],
      [five.receipt, /one at position 2, but the receipt is for 3/, verifierKey, other.opening],
      [five.receipt, /do not give the entry's commitment/, verifierKey, five.opening.replace("0.5", "0.25")],
      [five.receipt, /salt is not 32 bytes/, verifierKey, five.opening.replace(/(?<="salt":")[^"]*/, "AAAA")],
      [five.receipt, /not a JSON object with exactly/, verifierKey, "{}"],
      [five.receipt, /not a JSON object with exactly/, verifierKey, five.opening.replace("{", '{"more":1,')],
      [five.receipt, /broken Unicode/, verifierKey, five.opening.replace("Zoë", "\\ud800")],
    ];
    for (const [receipt, why, asked = verifierKey, opening] of cases) {
      assert.match(refusal(verifyReceipt(receipt, asked, opening)), why);
    }
  });

  it("is refused with an opening whose time or kind is not the entry's", () => {
    const salt = Buffer.alloc(32);
    const change = { at: "2026-03-03T14:05:00.000Z", kind: "erasure" };
    const commitment = commitmentOf(salt, canonicalJson(change));
    for (const [member, value] of [
      ["at", "2027-03-03T14:05:00.000Z"],
      ["kind", "preferences"],
    ] as const) {
      const entry = printEntry({ ...change, commitment, [member]: value });
      const text = printCheckpoint({ origin: name, size: 1, root: hashLeaf(entry) });
      const receipt = printReceipt({ entry, position: 0, path: [], checkpoint: signNote(text, name, key) });
      const opening = JSON.stringify({ position: 0, salt: salt.toString("base64"), change });
      assert.equal(
        refusal(verifyReceipt(receipt, verifierKey, opening)),
        `The change and its entry differ in "${member}".`,
      );
    }
  });
});

describe("a signed note", () => {
  it("verifies as the example of C2SP's specification does", () => {
    const key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const signature = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
    const note = `This is an example message.\n\n— example.com/foo ${signature}\n`;
    assert.equal(openNote(note, key), "This is an example message.\n");
    assert.throws(() => openNote(note.replace("example m", "exemple m"), key), ReceiptInvalid);
  });

  // The key and the note that golang.org/x/mod/sumdb/note is tested with.
  const peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const seed = Buffer.from("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz", "base64").subarray(1);
  const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const line =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  const note = `${text}\n${line}`;

  it("is made and opened as Go's package does it", () => {
    assert.equal(openNote(note, peter), text);
    assert.equal(signNote(text, "PeterNeumann", keyOf(seed)), note);
    assert.equal(verifierKeyOf("PeterNeumann", rawPublicKey(keyOf(seed))), peter);
  });

  it("is refused with any part of the key missing or altered", () => {
    for (let start = 0; start <= peter.length; start++) {
      for (let end = start + 1; end <= peter.length; end++) {
        if (end - start < peter.length) assert.throws(() => openNote(note, peter.slice(start, end)), ReceiptInvalid);
      }
    }
    assert.throws(() => openNote(note, `PeterNeumann+cc469956+${peter.slice(22)}WBADKEY==`), ReceiptInvalid);
    const otherType = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert.throws(() => openNote(note, otherType), ReceiptInvalid);
  });

  it("may have empty lines in its text, as the specification's example has", () => {
    const poem = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
    const signature = "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=";
    const example = `${poem}\n— quasimodo.example/salvatore ${signature}\n`;
    assert.throws(() => openNote(example, peter), /not signed by the key of PeterNeumann/);
    const own = signNote(poem, "PeterNeumann", keyOf(seed)).slice(poem.length + 1);
    assert.equal(openNote(`${example}${own}`, peter), poem);
  });

  it("may carry many signatures, whose keys may share the known key's name or its id", () => {
    const named = signNote(text, "PeterNeumann", stranger).slice(text.length + 1);
    const numbered = line.replace("PeterNeumann", "Peter");
    assert.equal(openNote(`${text}\n${named}${numbered}${line}`, peter), text);
    assert.equal(openNote(`${text}\n${line.repeat(100)}`, peter), text);
    assert.throws(() => openNote(`${text}\n${line.repeat(101)}`, peter), /over 100 lines/);
  });

  it("is refused when one of two signatures of the known key fails", () => {
    const false_ = line.replace("x08go/ZJ", "x08go/ZK");
    assert.throws(() => openNote(`${text}\n${line}${false_}`, peter), /does not fit/);
  });

  it("is refused when it is malformed", () => {
    const malformed = [
      text,
      `${text}${line}`,
      note.slice(0, -1),
      `${note}\n`,
      `${text}\n-${line.slice(1)}`,
      `\n${line}`,
    ];
    malformed.push(`${text}\n${line.replace("PeterNeumann", "Peter+Neumann")}`, note.replace("your", "your\t"));
    malformed.push(
      `${text}\n${line}— a AAAA\n`,
      `${text}\n${line}— a b\u00a0c AAAAAAA=\n`,
      note.replace("you", "\udc00"),
    );
    malformed.push(`${text}\n${line.replace("AM=", "AN=")}`, `${text}\n${line}trailing\n`);
    for (const each of malformed) assert.throws(() => openNote(each, peter), ReceiptInvalid, JSON.stringify(each));
  });
});

describe("a checkpoint", () => {
  const root = Buffer.alloc(32, 9);

  it("is read as it was printed, whatever lines stand after it", () => {
    const text = printCheckpoint({ origin: name, size: 2 ** 53 - 1, root });
    assert.equal(text, `${name}\n9007199254740991\n${root.toString("base64")}\n`);
    for (const extension of ["", "more\n"]) {
      assert.deepEqual(parseCheckpoint(`${text}${extension}`), { origin: name, size: 2 ** 53 - 1, root });
    }
  });

  it("is refused with a line missing, empty or malformed", () => {
    const hash = root.toString("base64");
    for (const text of [
      "",
      `${name}\n1\n`,
      `\n1\n${hash}\n`,
      `${name}\n1\n${hash}`,
      `${name}\n01\n${hash}\n`,
      `${name}\n-1\n${hash}\n`,
      `${name}\n9007199254740992\n${hash}\n`,
      `${name}\n1\nAAAA\n`,
      `${name}\n1\n${hash}\n\n`,
    ]) {
      assert.throws(() => parseCheckpoint(text), ReceiptInvalid, JSON.stringify(text));
    }
  });
});

describe("an entry", () => {
  const entry = { at: "2026-03-03T14:05:00.123Z", kind: "preferences", commitment: Buffer.alloc(32, 0xfb) };

  it("is canonical JSON, and read as it was printed", () => {
    const text = printEntry(entry).toString();
    assert.equal(text, canonicalize({ ...entry, commitment: entry.commitment.toString("base64") }));
    assert.deepEqual(readEntry(printEntry(entry)), entry);
  });

  it("is refused in any other form", () => {
    const text = printEntry(entry).toString();
    for (const other of [
      "",
      text.replace(":", ": "),
      text.replace("03-03", "13-03"),
      text.replace("123Z", "12Z"),
      text.replace("+/", "-_"),
      text.replace(/.="/, '/="'),
      text.replace("preferences", "é"),
      `${text}\n`,
      text.replace("}", ',"more":1}'),
    ]) {
      assert.throws(() => readEntry(Buffer.from(other)), ReceiptInvalid, other);
    }
  });
});

describe("a path", () => {
  it("leads to the root in a log of more entries than 32 bits count", () => {
    const leaf = Buffer.alloc(32, 1);
    const path = Array.from({ length: 52 }, (_, at) => Buffer.alloc(32, at));
    let expected: Buffer = leaf;
    let node = 2 ** 51 + 5;
    for (const sibling of path) {
      expected = node % 2 === 1 ? hashNode(sibling, expected) : hashNode(expected, sibling);
      node = Math.floor(node / 2);
    }
    assert.deepEqual(rootFromPath(leaf, 2 ** 51 + 5, 2 ** 52, path), expected);
  });
});

describe("canonical JSON", () => {
  it("sorts names by UTF-16 code units, as in RFC 8785's example", () => {
    const given =
      String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",` +
      String.raw`"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`;
    const canonical =
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
      '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}';
    assert.equal(canonicalJson(JSON.parse(given)), canonical);
  });

  it("prints numbers and texts as in RFC 8785's example", () => {
    const given = String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
      "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`;
    const canonical =
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
      String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`;
    assert.equal(canonicalJson(JSON.parse(given)), canonical);
  });

  it("prints each number of RFC 8785's appendix B", () => {
    const table = `0000000000000000 0, 8000000000000000 0, 0000000000000001 5e-324, 8000000000000001 -5e-324,
      7fefffffffffffff 1.7976931348623157e+308, ffefffffffffffff -1.7976931348623157e+308,
      4340000000000000 9007199254740992, c340000000000000 -9007199254740992, 4430000000000000 295147905179352830000,
      44b52d02c7e14af5 9.999999999999997e+22, 44b52d02c7e14af6 1e+23, 44b52d02c7e14af7 1.0000000000000001e+23,
      444b1ae4d6e2ef4e 999999999999999700000, 444b1ae4d6e2ef4f 999999999999999900000, 444b1ae4d6e2ef50 1e+21,
      3eb0c6f7a0b5ed8c 9.999999999999997e-7, 3eb0c6f7a0b5ed8d 0.000001, 41b3de4355555553 333333333.3333332,
      41b3de4355555554 333333333.33333325, 41b3de4355555555 333333333.3333333, 41b3de4355555556 333333333.3333334,
      41b3de4355555557 333333333.33333343, becbf647612f3696 -0.0000033333333333333333,
      43143ff3c1cb0959 1424953923781206.2`;
    const rows = table.split(",").map((row) => row.trim().split(" "));
    assert.equal(rows.length, 24);
    for (const [bits = "", text] of rows) assert.equal(canonicalJson(Buffer.from(bits, "hex").readDoubleBE()), text);
    for (const bits of ["7fffffffffffffff", "7ff0000000000000"]) {
      assert.throws(() => canonicalJson(Buffer.from(bits, "hex").readDoubleBE()), TypeError);
    }
  });

  it("is what the package canonicalize makes of any JSON", () => {
    const json = fc.jsonValue({ stringUnit: "binary" });
    fc.assert(fc.property(json, (value) => assert.equal(canonicalJson(value), canonicalize(value))));
    const proto: unknown = JSON.parse('{"b":1,"__proto__":2,"10":3,"9":4}');
    assert.equal(canonicalJson(proto), '{"10":3,"9":4,"__proto__":2,"b":1}');
  });

  it("leaves out members that are undefined, and refuses what JSON cannot say", () => {
    assert.equal(canonicalJson({ b: undefined, a: null }), '{"a":null}');
    const refused = [undefined, [undefined], () => 1, 1n, Symbol("a"), Number.NaN, [-Infinity], new Date(0), new Map()];
    for (const value of [...refused, "\ud800", { "\udc00": 1 }]) assert.throws(() => canonicalJson(value), TypeError);
  });
});
