import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { verifyReceipt } from "../src/audit/verify-receipt.ts";
import type { Catalogue } from "../src/domain/catalogue.ts";
import { subjectKeyBytes, takeKey } from "../src/domain/subject-key.ts";
import { inProcess, type ReceivedAnswer, type Transport } from "./support/exchange.ts";
import { type RunningService, startInProcess, temporaryFolder } from "./support/service.ts";
import { credentials } from "./support/target.ts";

// Law 10, on a file: of an erased subject nothing is left in what the service answers, nor in any of its files.

const [customers, users, organisations] = [1800, 300, 50];
/** How many subjects are erased, one after the other, with writes between them. */
const erasures = 40;

interface Person {
  readonly kind: "customer" | "organisation" | "user";
  readonly id: string;
  /** A number that is part of everything that is recorded about it, and stands nowhere else. */
  readonly mark: string;
}

interface Erased extends Person {
  readonly receipts: readonly string[];
}

/** An organisation's id stands in the entries of its users too, so it cannot be its mark. */
function person(kind: Person["kind"], number: number): Person {
  const digits = String(number * 7919).padStart(10, "0");
  if (kind === "organisation") return { kind, id: `71${digits}`, mark: `72${digits}` };
  const id = `${kind === "customer" ? 73 : 74}${digits}`;
  return { kind, id, mark: id };
}

const everybody = [
  ...Array.from({ length: customers }, (_, number) => person("customer", number)),
  ...Array.from({ length: organisations }, (_, number) => person("organisation", number)),
  ...Array.from({ length: users }, (_, number) => person("user", number)),
];

/** Every mark, and every name of an organisation, that stands in a text. */
function* namesIn(text: string): Generator<string> {
  for (const [, name = ""] of text.matchAll(/(?=(7[2-4]\d{10}|organisation:71\d{10}))/g)) yield name;
}

/** How the name of a subject stands beside a code. */
function keyOf({ kind, id }: Person): Buffer {
  const key = new Int32Array(subjectKeyBytes / 4);
  takeKey(key, `${kind}:${id}`);
  return Buffer.from(key.buffer);
}

/** The same numbers on each run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("erasing subjects out of a file", () => {
  const folder = temporaryFolder();
  const file = join(folder.path, "saywhen.db");
  const roll = dice(3);
  const erased: Erased[] = [];
  let running: RunningService;
  let send: Transport;
  let nodes: readonly { readonly node: string; readonly metadata: readonly string[] }[] = [];

  before(async () => {
    await start();
    const { catalogue } = JSON.parse((await get("/v1/catalogue")).body) as { catalogue: Pick<Catalogue, "nodes"> };
    nodes = catalogue.nodes.map(({ name, labels }) => ({ node: name, metadata: labels.map((label) => label.name) }));
    for (let start = 0; start < everybody.length; start += 64) {
      await Promise.all(everybody.slice(start, start + 64).map((each) => enter(each)));
    }
    await Promise.all(everybody.filter((_, index) => index % 3 === 0).map((each) => choose(each, "again")));
  });

  after(async () => {
    await running[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function start(): Promise<void> {
    running = await startInProcess({ file });
    send = inProcess(running.service.server);
  }

  /** Somebody who sees the file as it is now until it is closed. */
  function readerOfTheFile(): DatabaseSync {
    const reader = new DatabaseSync(file, { readOnly: true });
    reader.exec("BEGIN; SELECT count(*) FROM change");
    return reader;
  }

  const request = async (method: string, target: string, body?: unknown, headers = {}): Promise<ReceivedAnswer> => {
    const all = { "Content-Type": "application/json", ...headers };
    return send({
      method,
      target,
      headers: credentials(all),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const get = (target: string) => request("GET", target);
  const accepted = ({ status, body, headers }: ReceivedAnswer): number => {
    assert.equal(status, 200, body);
    return Number(headers["saywhen-change"]);
  };

  /** First the entry, where the kind has one, then what it chooses. */
  async function enter(each: Person): Promise<void> {
    const { kind, id, mark } = each;
    const organisation = { orgid: Number(person("organisation", Number(id) % organisations).id) };
    const name = kind === "user" ? { firstname: "Jo", lastname: `Doe ${mark}` } : `Jo ${mark} Inc.`;
    const entry = { id: Number(id), name, ...(kind === "user" ? { email: `${id}@example.com`, organisation } : {}) };
    if (kind !== "customer") {
      accepted(await request("POST", `/api/2/${kind}s`, { [kind]: entry }));
    }
    // Every other user leaves it to its organisation.
    if (kind !== "user" || Number(id) % 2 === 0) await choose(each, "first");
  }

  async function choose({ kind, id, mark }: Person, word: string): Promise<number> {
    const headers = {
      "Request-Tracking-Id": `${word}-${mark}`,
      "Saywhen-Evidence": `{"call":"with ${mark.repeat(100)}"}`,
    };
    if (kind !== "customer") {
      // All countries: a change that takes more than a page of the file.
      const emailpreferences = { frequency: "Daily", metadatanodes: kind === "user" ? [] : nodes };
      return accepted(await request("PUT", `/api/2/${kind}s/${id}/emailpreferences`, { emailpreferences }, headers));
    }
    const selections = [{ value: `${word}.${mark}@example.com`, type: "BEMAIL", is_opt_in: "N" }];
    const preferences = [{ category: "Service Exception", channels: [{ name: "Email", selections }] }];
    const path = `/v1/customers/${id}/communication-preferences`;
    const body = { preferences, audit_info: { modified_by: `agent of ${mark}` } };
    return accepted(await request("PUT", path, body, headers));
  }

  /** Everything that the service answers about a subject or among others. */
  async function answersAbout({ kind, id }: Person): Promise<string> {
    const subject = `/v1/subjects/${kind}/${id}`;
    const own =
      kind === "customer"
        ? [`/v1/customers/${id}/communication-preferences`]
        : [`/api/2/${kind}s/${id}/emailpreferences`, `/api/2/${kind}s/${id}`, `/api/2/${kind}s?limit=1000`];
    const paths = [`${subject}/export`, `${subject}/changes`, `${subject}/preferences`, ...own];
    const answers = await Promise.all(paths.map((path) => get(path)));
    assert.deepEqual([answers[0]?.status, answers[1]?.status], [404, 404]);
    return answers.map(({ body }) => body).join("\n");
  }

  async function receiptsOf({ kind, id }: Person): Promise<string[]> {
    const { changes } = JSON.parse((await get(`/v1/subjects/${kind}/${id}/export`)).body) as {
      changes: { receipt: string }[];
    };
    return Promise.all(changes.map(async ({ receipt }) => (await get(receipt)).body));
  }

  function deleted({ kind, id, mark }: Person): Promise<ReceivedAnswer> {
    return request("DELETE", `/v1/subjects/${kind}/${id}`, undefined, { "Request-Tracking-Id": `erase-${mark}` });
  }

  async function erase(each: Person): Promise<void> {
    const receipts = await receiptsOf(each);
    const answer = await deleted(each);
    // Before anything else is awaited: what is true once it is answered.
    assertNowhere(each);
    assert.deepEqual(JSON.parse(answer.body), { change: accepted(answer), erased: receipts.length });
    erased.push({ ...each, receipts });
  }

  /** In none of the files, neither as UTF-8 nor as UTF-16, nor as it stands beside a code. */
  function assertNowhere(each: Person): void {
    const { kind, id, mark } = each;
    const wide = Buffer.from(mark, "utf16le");
    for (const name of readdirSync(folder.path)) {
      const bytes = readFileSync(join(folder.path, name));
      const found = [`${kind}:${id}`, mark, wide, Buffer.from(wide).swap16(), keyOf(each)].some((name) =>
        bytes.includes(name),
      );
      assert(!found, `${mark} is in ${name}`);
    }
  }

  /** The same of all of them at once; UTF-16 is UTF-8 here when its zeros are taken out. */
  function assertNobodyIsLeft(): void {
    for (const name of readdirSync(folder.path)) {
      const bytes = readFileSync(join(folder.path, name));
      const text = bytes.toString("latin1");
      const written = new Set([...namesIn(text), ...namesIn(text.replaceAll("\0", ""))]);
      for (const each of erased) {
        const { kind, id, mark } = each;
        const isThere = written.has(mark) || written.has(`${kind}:${id}`) || bytes.includes(keyOf(each));
        assert(!isThere, `${mark} is in ${name}`);
      }
    }
  }

  it("leaves nothing of them in the files once each is answered, while others write", async () => {
    assert.throws(() => assertNowhere(person("customer", 0)), / is in /);
    const left = [...everybody];
    for (let round = 0; round < erasures; round += 1) {
      const [one] = left.splice(roll(left.length), 1) as [Person];
      const beside = left
        .slice(roll(left.length))
        .slice(0, 8)
        .map((each) => choose(each, `round-${round}`));
      await erase(one);
      await Promise.all(beside);
    }
    assertNobodyIsLeft();
  });

  it("leaves nothing of them in any answer, and others as they were", async () => {
    for (const each of erased) {
      const answers = await answersAbout(each);
      // The id that was asked for comes back with the answer to some.
      const others = answers.replaceAll(/"(userid|subject)":"?[\w:]+"?/g, "");
      assert(!others.includes(each.mark), others.slice(others.indexOf(each.mark) - 200).slice(0, 400));
    }
    const gone = erased.filter(({ kind }) => kind === "user").length;
    const { body } = await get("/api/2/users?limit=1");
    assert.match(body, new RegExp(`"totalcount":${users - gone},`));
    const [somebody] = everybody.filter(({ id }) => erased.every((each) => each.id !== id));
    assert.equal((await get(`/v1/subjects/${somebody?.kind}/${somebody?.id}/export`)).status, 200);
  });

  it("leaves every receipt valid, and nothing to open", async () => {
    const key = (await get("/v1/log/key")).body.trim();
    const receipts = erased.flatMap((each) => each.receipts);
    assert(receipts.length > erasures);
    for (const receipt of receipts) {
      const verdict = verifyReceipt(receipt, key);
      assert(verdict.ok);
      const opening = await get(`/v1/changes/${verdict.position}`);
      assert.equal(opening.status, 410);
      const now = verifyReceipt((await get(`/v1/changes/${verdict.position}/receipt`)).body, key);
      assert(now.ok && now.at === verdict.at && now.kind === verdict.kind);
    }
  });

  it("waits for somebody who reads the file as it was, and then leaves nothing", async () => {
    const one = person("customer", customers);
    await choose(one, "first");
    const reader = readerOfTheFile();
    let isDone = false;
    const erasing = erase(one).then(() => (isDone = true));
    await delay(300);
    assert.equal(isDone, false);
    await choose(person("customer", 1), "meanwhile");
    reader.close();
    await erasing;
    assert.equal(erased.at(-1)?.id, one.id);
    assertNobodyIsLeft();
  });

  it("says 503 while somebody reads for too long, also when it is asked again, and 404 once nothing is left", async () => {
    const one = person("customer", customers + 1);
    await choose(one, "first");
    const receipts = await receiptsOf(one);
    const reader = readerOfTheFile();
    const answers = await Promise.all([deleted(one), delay(300).then(() => deleted(one))]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 503],
    );
    assert.throws(() => assertNowhere(one), / is in /);
    reader.close();
    assert.equal((await deleted(one)).status, 404);
    assertNowhere(one);
    erased.push({ ...one, receipts });
  });

  it("is finished after the next start when the service stops while somebody reads", async () => {
    const one = person("customer", customers + 2);
    await choose(one, "first");
    const receipts = await receiptsOf(one);
    const reader = readerOfTheFile();
    const answer = deleted(one);
    await delay(300);
    await running[Symbol.asyncDispose]();
    assert.equal((await answer).status, 503);
    assert.throws(() => assertNowhere(one), / is in /);
    await start();
    assert.throws(() => assertNowhere(one), / is in /);
    const again = deleted(one);
    reader.close();
    assert.equal((await again).status, 404);
    assertNowhere(one);
    erased.push({ ...one, receipts });
  });

  it("keeps the database whole, and nothing comes back with a restart", async () => {
    await running[Symbol.asyncDispose]();
    assertNobodyIsLeft();
    using db = new DatabaseSync(file, { readOnly: true });
    assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
    await start();
    for (const each of erased.slice(0, 5)) await answersAbout(each);
    assertNobodyIsLeft();
  });
});
