import assert from "node:assert/strict";
import { join } from "node:path";
import { carryOut } from "../support/commands.ts";
import { inProcess, type ReceivedAnswer, type SentRequest } from "../support/exchange.ts";
import { adminToken, type RunningService, startInProcess } from "../support/service.ts";
import { credentials } from "../support/target.ts";
import * as acts from "./acts.ts";
import { assertReceipts, checkpointOf, wholeLog } from "./whole-log.ts";

/** What should be known: every document that a GET shows, as simple as can be. */
interface Model {
  readonly customers: Map<number, string>;
  /** The positions of customers' changes, in their order. */
  readonly histories: Map<number, number[]>;
  readonly organisations: Map<number, string>;
  /** Users' own frequencies. */
  readonly users: Map<number, string>;
  /** Users by id, with the organisation whose preferences they show. */
  readonly members: Map<number, { readonly email: string; readonly organisation?: number }>;
}

interface Backup {
  readonly file: string;
  readonly model: Model;
  readonly receipts: readonly string[];
  /** What was erased since: restoring erases it again. */
  readonly erasedSince: Set<string>;
}

/** How many customers, organisations and users there are, and addresses for each. */
const subjects = 4;

/** The service in this process, what it should know, and every receipt that it gave. */
export class World implements AsyncDisposable {
  readonly #folder: string;
  #running: RunningService;
  #model: Model = {
    customers: new Map(),
    histories: new Map(),
    organisations: new Map(),
    users: new Map(),
    members: new Map(),
  };
  #receipts: string[] = [];
  #backup: Backup | undefined;
  #backups = 0;
  #version = 1;

  private constructor(folder: string, running: RunningService) {
    this.#folder = folder;
    this.#running = running;
  }

  static async open(folder: string): Promise<World> {
    return new World(folder, await startInProcess({ file: join(folder, "saywhen.db") }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }

  async putCustomer(id: number, choice: number): Promise<void> {
    const address = `a${choice}@example.com`;
    const { headers } = await this.#accepted(acts.putCustomer(id, address));
    const { customers, histories } = this.#model;
    customers.set(id, address);
    histories.set(id, [...(histories.get(id) ?? []), Number(headers["saywhen-change"])]);
  }

  async putOrganisation(id: number, choice: number): Promise<void> {
    await this.#accepted(acts.putOrganisation(id, frequencyOf(choice)));
    this.#model.organisations.set(id, frequencyOf(choice));
  }

  async putUser(id: number, choice: number): Promise<void> {
    await this.#accepted(acts.putUser(id, frequencyOf(choice)));
    this.#model.users.set(id, frequencyOf(choice));
  }

  async putUserByEmail(id: number, choice: number): Promise<void> {
    const email = emailOf(id);
    const known = this.#idOf(email);
    const answer = await this.#accepted(acts.putUser(email, frequencyOf(choice)));
    const { userid } = (JSON.parse(answer.body) as { emailpreferences: { userid: number } }).emailpreferences;
    assert.equal(userid, known ?? userid);
    if (known === undefined) {
      assert(!this.#model.members.has(userid) && !this.#model.users.has(userid), `the id ${userid} is taken`);
      this.#model.members.set(userid, { email });
    }
    this.#model.users.set(userid, frequencyOf(choice));
  }

  async postUser(id: number, choice: number): Promise<void> {
    const email = emailOf(id);
    const organisation = 1 + (choice % subjects);
    const request = acts.postUser(email, organisation);
    if (this.#idOf(email) !== undefined) return this.#refused(request, 409);
    const answer = await this.#accepted(request);
    const { user } = JSON.parse(answer.body) as { user: { id: number } };
    this.#model.members.set(user.id, { email, organisation });
  }

  /** The catalogue with the next version: nothing else about it changes. */
  async applyCatalogue(): Promise<void> {
    const shown = await this.#send(acts.get("/v1/catalogue"));
    const { catalogue } = JSON.parse(shown.body) as { catalogue: { version: number } };
    this.#version = catalogue.version + 1;
    await this.#accepted({
      method: "PUT",
      target: "/v1/catalogue",
      headers: credentials({ "Content-Type": "application/json" }),
      body: JSON.stringify({ ...catalogue, version: this.#version }),
    });
  }

  async refuse(id: number): Promise<void> {
    await this.#refused(acts.putCustomerWrongly(id), 422);
    await this.#refused(acts.putCustomer(id, "b@example.com", { "If-Match": '"none.0-json"' }), 412);
  }

  async eraseCustomer(id: number): Promise<void> {
    this.#model.histories.delete(id);
    await this.#erase(`customer/${id}`, this.#model.customers.delete(id));
  }

  async eraseOrganisation(id: number): Promise<void> {
    await this.#erase(`organisation/${id}`, this.#model.organisations.delete(id));
  }

  async eraseUser(id: number): Promise<void> {
    const [own, member] = [this.#model.users.delete(id), this.#model.members.delete(id)];
    await this.#erase(`user/${id}`, own || member);
  }

  async restart(): Promise<void> {
    await this.#whileDown(async () => {});
  }

  async rebuild(): Promise<void> {
    await this.#whileDown(() => this.#command("log", "rebuild"));
  }

  async backUp(): Promise<void> {
    this.#backups += 1;
    const file = join(this.#folder, `${this.#backups}.backup`);
    await this.#command("backup", file);
    const model = structuredClone(this.#model);
    this.#backup = { file, model, receipts: [...this.#receipts], erasedSince: new Set() };
  }

  /** What was recorded since the backup is gone, and so is what was erased since. */
  async restore(): Promise<void> {
    const backup = this.#backup;
    if (backup === undefined) return;
    await this.#whileDown(() => this.#command("restore", backup.file));
    this.#model = structuredClone(backup.model);
    for (const subject of backup.erasedSince) this.#forget(subject);
    this.#receipts = [...backup.receipts];
  }

  /** The invariant: the whole log verifies, by the program's own means and by others; every GET shows what it should. */
  async check(): Promise<void> {
    const file = join(this.#folder, "saywhen.db");
    const recorded = wholeLog(file, this.#receipts.map(checkpointOf));
    assertReceipts(file, recorded, this.#receipts);
    await this.#command("verify");
    for (let id = 1; id <= subjects; id += 1) await this.#checkDocuments(id);
    for (let id = 1; id <= subjects; id += 1) await this.#checkHistory(id);
    for (let id = 1; id <= subjects; id += 1) await this.#checkEmail(emailOf(id));
  }

  async #checkDocuments(id: number): Promise<void> {
    const { customers, organisations, users, members } = this.#model;
    const customer = await this.#shown(acts.customerPath(id));
    const address = customers.get(id);
    assert.equal(/"value":"([^"]*)"/.exec(customer)?.[1], address);
    assert.equal(frequencyIn(await this.#shown(acts.organisationPath(id))), organisations.get(id) ?? "Never");
    const inherited = organisations.get(members.get(id)?.organisation ?? 0);
    assert.equal(frequencyIn(await this.#shown(acts.userPath(id))), users.get(id) ?? inherited ?? "Never");
  }

  async #checkHistory(id: number): Promise<void> {
    const { status, body } = await this.#send(acts.get(`/v1/subjects/customer/${id}/changes`));
    const expected = this.#model.histories.get(id);
    assert.equal(status, expected === undefined ? 404 : 200, body);
    const { changes = [] } = JSON.parse(body) as { changes?: { position: number }[] };
    assert.deepEqual(
      changes.map(({ position }) => position),
      expected?.toReversed() ?? [],
    );
  }

  async #checkEmail(email: string): Promise<void> {
    const { status, body } = await this.#send(acts.get(acts.userPath(email)));
    const id = this.#idOf(email);
    assert.equal(status, id === undefined ? 404 : 200);
    if (id !== undefined) assert(body.includes(`"userid":${id},`), body);
  }

  async #shown(target: string): Promise<string> {
    const { status, body } = await this.#send(acts.get(target));
    assert.equal(status, 200, body);
    return body;
  }

  #idOf(email: string): number | undefined {
    return [...this.#model.members].find(([, member]) => member.email === email)?.[0];
  }

  async #erase(subject: string, isKnown: boolean): Promise<void> {
    const { status, body } = await this.#send(acts.erase(subject));
    assert(status === 200 || (status === 404 && !isKnown), `${status} ${body}`);
    this.#backup?.erasedSince.add(subject);
  }

  #forget(subject: string): void {
    const [kind, id] = subject.split("/");
    const { customers, histories, organisations, users, members } = this.#model;
    const holders = { customer: [customers, histories], organisation: [organisations], user: [users, members] };
    for (const known of holders[kind as keyof typeof holders]) known.delete(Number(id));
  }

  /** Sends what is to be recorded, and keeps the receipt for it. */
  async #accepted(request: SentRequest): Promise<ReceivedAnswer> {
    const answer = await this.#send(request);
    assert.equal(answer.status, 200, answer.body);
    const receipt = await this.#send(acts.get(`/v1/changes/${answer.headers["saywhen-change"]}/receipt`));
    assert.equal(receipt.status, 200, receipt.body);
    this.#receipts.push(receipt.body);
    return answer;
  }

  async #refused(request: SentRequest, status: number): Promise<void> {
    assert.equal((await this.#send(request)).status, status);
  }

  #send(request: SentRequest): Promise<ReceivedAnswer> {
    return inProcess(this.#running.service.server)(request);
  }

  async #whileDown(work: () => Promise<void>): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
    await work();
    this.#running = await startInProcess({ file: join(this.#folder, "saywhen.db") });
  }

  async #command(...words: string[]): Promise<void> {
    const env = { SAYWHEN_DATABASE: join(this.#folder, "saywhen.db"), SAYWHEN_ADMIN_TOKEN: adminToken };
    const { exitCode, printed, told } = await carryOut(words, env);
    assert.equal(exitCode, 0, `${words.join(" ")}: ${printed}${told}`);
  }
}

function emailOf(number: number): string {
  return `u${number}@example.com`;
}

const frequencies = ["Daily", "Weekly", "Fortnightly", "Monthly"] as const;

function frequencyOf(choice: number): string {
  return frequencies[choice % frequencies.length] ?? "Never";
}

function frequencyIn(body: string): string | undefined {
  return (JSON.parse(body) as { emailpreferences: { frequency: string } }).emailpreferences.frequency;
}
