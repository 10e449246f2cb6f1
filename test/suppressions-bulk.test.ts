import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline/promises";
import { after, describe, it } from "node:test";
import { newDatabase } from "./support/postgres.ts";
import { adminToken, type RunningService, startListening, temporaryFolder } from "./support/service.ts";

interface Answer {
  readonly id: string;
  readonly change: number;
  readonly new: boolean;
  readonly line?: number;
}

const authorization = `Bearer ${adminToken}`;

/** Begins to send lines; the answer comes meanwhile. */
function begin(url: string): { readonly sent: ClientRequest; readonly answer: Promise<IncomingMessage> } {
  const headers = { authorization, "content-type": "application/x-ndjson" };
  const sent = request(`${url}/v1/suppressions`, { method: "POST", headers });
  const answer = once(sent, "response").then(([message]) => message as IncomingMessage);
  return { sent, answer };
}

async function answersIn(message: IncomingMessage): Promise<Answer[]> {
  const answers: Answer[] = [];
  for await (const line of createInterface({ input: message })) answers.push(JSON.parse(line) as Answer);
  return answers;
}

const line = (address: string, reason = "hard-bounce") => `${JSON.stringify({ address, reason })}\n`;

async function suppressedIn(url: string, address: string): Promise<readonly { readonly id: string }[]> {
  const body = JSON.stringify({ address });
  const headers = { authorization, "content-type": "application/json" };
  const answer = await fetch(`${url}/v1/suppressions/search`, { method: "POST", headers, body });
  return ((await answer.json()) as { suppressions: { id: string }[] }).suppressions;
}

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());

const storages = [
  { name: "SQLite", nodes: async () => [await startListening({ file: `${folder.path}/saywhen.db` })] },
  {
    name: "two nodes on PostgreSQL",
    nodes: async () => {
      const database = await newDatabase();
      const options = { database, key: `${folder.path}/saywhen.key` };
      return [await startListening(options), await startListening(options)];
    },
  },
];

for (const { name, nodes } of storages) {
  describe(`many suppressions on ${name}`, () => {
    let running: readonly RunningService[] = [];
    after(() => Promise.all(running.map((service) => service[Symbol.asyncDispose]())));
    const urlOf = (index: number) => running.at(index % running.length)?.url ?? "";

    it("are answered in their order, and an address's own stand in theirs", async () => {
      running = await nodes();
      const { sent, answer } = begin(urlOf(0));
      const reasons = ["hard-bounce", "complaint", "legal", "complaint", "manual"];
      for (let index = 0; index < 2000; index += 1) {
        sent.write(line(`a${index % 400}@example.com`, reasons[Math.floor(index / 400)]));
      }
      sent.end();
      const answers = await answersIn(await answer);
      assert.equal(answers.length, 2000);
      for (const [index, { id, new: isNew }] of answers.entries()) {
        const round = Math.floor(index / 400);
        assert.equal(id, `${answers[index % 400]?.id.slice(0, 22)}.${[1, 2, 3, 2, 4][round]}`);
        assert.equal(isNew, round !== 3);
      }
      const [first] = answers;
      const there = await suppressedIn(urlOf(1), "A0@example.com");
      assert.deepEqual(
        there.map(({ id }) => id),
        [1, 2, 3, 4].map((number) => `${first?.id.slice(0, 22)}.${number}`),
      );
    });

    it("are answered while others are still to come", async () => {
      const { sent, answer } = begin(urlOf(0));
      sent.write(line("early@example.com"));
      const message = await answer;
      const lines = createInterface({ input: message })[Symbol.asyncIterator]();
      const first = await lines.next();
      assert.equal((JSON.parse(String(first.value)) as Answer).new, true);
      assert.equal((await suppressedIn(urlOf(1), "early@example.com")).length, 1);
      sent.end(line("late@example.com"));
      assert.equal((JSON.parse(String((await lines.next()).value)) as Answer).new, true);
      assert.equal((await lines.next()).done, true);
    });

    it("stay as far as they were answered when the client goes away; of half a line nothing is there", async () => {
      const { sent, answer } = begin(urlOf(0));
      sent.on("error", () => {});
      for (let index = 0; index < 50; index += 1) sent.write(line(`gone${index}@example.com`));
      const message = await answer;
      const [part] = (await once(message, "data")) as [Buffer];
      const answered = part.toString().trimEnd().split("\n").length;
      sent.write(line("unheard@example.com").slice(0, 20));
      message.destroy();
      sent.destroy();
      for (let index = 0; index < answered; index += 1) {
        assert.equal((await suppressedIn(urlOf(1), `gone${index}@example.com`)).length, 1);
      }
      assert.deepEqual(await suppressedIn(urlOf(1), "unheard@example.com"), []);
    });

    it("that are wrong are told of by their lines, and the rest are there", async () => {
      const { sent, answer } = begin(urlOf(1));
      sent.write(line("12"));
      sent.write(`{"address": "${"x".repeat(70_000)}@example.com", "reason": "legal"}\n`);
      sent.write("\n");
      sent.end(line("right@example.com"));
      const answers = await answersIn(await answer);
      assert.deepEqual(
        answers.map(({ line: number, new: isNew }) => number ?? isNew),
        [1, 2, true],
      );
      assert.equal((await suppressedIn(urlOf(0), "right@example.com")).length, 1);
    });
  });
}
