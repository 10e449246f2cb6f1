import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, mock } from "node:test";
import { inProcess, type Transport } from "../support/exchange.ts";
import { adminToken, startInProcess, temporaryFolder } from "../support/service.ts";
import { serve } from "../support/serving.ts";
import { get, putCustomer } from "./acts.ts";
import { assertReceipts, checkpointOf, wholeLog } from "./whole-log.ts";

const noon = Date.UTC(2030, 0, 1, 12);
const hour = 3_600_000;

async function put(send: Transport, address: string, headers = {}): Promise<number> {
  const answer = await send(putCustomer(1, address, headers));
  assert.equal(answer.status, 200, answer.body);
  return Number(answer.headers["saywhen-change"]);
}

/** The customer's one address at an instant. */
async function addressAt(send: Transport, ms: number): Promise<unknown> {
  const answer = await send(get(`/v1/subjects/customer/1/preferences?at=${new Date(ms).toISOString()}`));
  assert.equal(answer.status, 200, answer.body);
  const { choices } = JSON.parse(answer.body) as { choices: { value?: string }[] };
  return choices.find(({ value }) => value !== undefined)?.value;
}

/** A token of an hour. */
async function issueToken(send: Transport): Promise<string> {
  const body = `grant_type=client_credentials&client_id=admin&client_secret=${adminToken}`;
  const headers = [["Content-Type", "application/x-www-form-urlencoded"]] as const;
  const answer = await send({ method: "POST", target: "/oauth2/token", headers, body });
  return (JSON.parse(answer.body) as { access_token: string }).access_token;
}

describe("a clock that is set back", () => {
  it("lets no time go back, answers any instant, proves every change, and ends no token early", async (test) => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    mock.timers.enable({ apis: ["Date"], now: noon });
    test.after(() => mock.timers.reset());
    const positions: number[] = [];
    const receipts: string[] = [];
    let token = "";
    const during = async (ms: number, address: string): Promise<void> => {
      mock.timers.setTime(ms);
      await using running = await startInProcess({ file });
      const send = inProcess(running.service.server);
      if (token === "") token = await issueToken(send);
      positions.push(await put(send, address, { Authorization: `Bearer ${token}` }));
      assert.equal(await addressAt(send, noon + 2 * hour), address);
      const receipt = await send(get(`/v1/changes/${positions.at(-1)}/receipt`));
      assert.equal(receipt.status, 200, receipt.body);
      receipts.push(receipt.body);
      // And once more without a start between.
      mock.timers.setTime(ms - hour);
      positions.push(await put(send, `later-${address}`, { Authorization: `Bearer ${token}` }));
    };
    await during(noon, "a@example.com");
    await during(noon - 24 * hour, "b@example.com");
    await during(noon + hour / 2, "c@example.com");

    mock.timers.setTime(noon - 1000 * hour);
    await using running = await startInProcess({ file });
    const send = inProcess(running.service.server);
    assert.equal(await addressAt(send, noon - 1), undefined);
    assert.equal(await addressAt(send, noon), "later-b@example.com");
    assert.equal(await addressAt(send, noon + hour / 2), "later-c@example.com");
    const recorded = wholeLog(file, receipts.map(checkpointOf));
    assertReceipts(file, recorded, receipts);
    const times = positions.map((position) => Date.parse(recorded[position]?.said?.at ?? ""));
    assert.deepEqual(times, [noon, noon, noon, noon, noon + hour / 2, noon + hour / 2]);
  });
});

describe("a clock that was ahead", () => {
  it("is told of at the next start, as changes then get times that are to come", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 24 * hour });
    try {
      await using running = await startInProcess({ file });
      await put(inProcess(running.service.server), "a@example.com");
    } finally {
      mock.timers.reset();
    }
    const serving = serve(folder.path, { SAYWHEN_ADMIN_TOKEN: adminToken, SAYWHEN_DATABASE: file });
    await serving.url;
    serving.child.kill("SIGTERM");
    const { stdout } = await serving.ended;
    assert.match(stdout, /"changes":\d+,"msg":"changes of the log are later than the clock/);
  });
});
