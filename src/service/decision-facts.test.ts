import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../domain/change.ts";
import type { CustomerPreferences, Selection } from "../domain/customer-preferences.ts";
import { markingStream, preferencesOf, type Stream, suppressionsOf } from "../domain/stream.ts";
import { customer } from "../domain/subject.ts";
import type { MarkKey } from "../domain/suppression.ts";
import { readFacts } from "./decision-facts.ts";
import { markOf } from "./mark.ts";

const jo = customer("1");
const at = "2026-03-03T14:05:00.000Z";
const by = { createdAt: at, createdBy: "Jo", modifiedAt: at, modifiedBy: "Jo" };

function changeOf(stream: Stream, document: unknown): Change {
  return { actor: "Jo", at, client: "crm", document, kind: "preferences", position: 1, stream };
}

function selectionOf(channel: string, normal: string, type: string): Selection {
  return { ...by, category: "News", channel, choice: "opted-in", normal, type, value: normal };
}

test("what may stop an address is looked for under the marks of the log that is read, each time", async () => {
  const selections = [
    selectionOf("Email", "jo@example.com", "BEMAIL"),
    selectionOf("Email", "jo@example.com", "SEMAIL"),
    selectionOf("Email", "al@example.com", "HEMAIL"),
    selectionOf("Text", "+12125550100", "BPHONE"),
  ];
  const document: CustomerPreferences = { selections };
  const asked = async (key: MarkKey | undefined) => {
    const newest = new Map<Stream, Change>([[preferencesOf(jo), changeOf(preferencesOf(jo), document)]]);
    if (key !== undefined) newest.set(markingStream, changeOf(markingStream, key));
    const reads: (readonly Stream[])[] = [];
    const read = async (streams: readonly Stream[]) => {
      reads.push(streams);
      return streams.map((stream) => newest.get(stream));
    };
    await readFacts(read, jo, "Email");
    return reads.at(-1)?.slice(3);
  };
  const keys = [1, 2, 1].map((byte) => ({ key: Buffer.alloc(32, byte).toString("base64") }));
  for (const key of [...keys, ...keys]) {
    const streams = ["jo@example.com", "al@example.com"].map((normal) => suppressionsOf(markOf(key, normal)));
    assert.deepEqual(await asked(key), streams);
  }
  assert.deepEqual(await asked(undefined), []);
});
