import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as acts from "../faults/acts.ts";
import { type Carried, carryOut } from "./commands.ts";
import { inProcess, type Transport } from "./exchange.ts";
import { startInProcess, temporaryFolder } from "./service.ts";

/** A folder with a database, and what people do with it. */
export interface Place {
  /** The database; its key stands beside it. */
  readonly file: string;
  /** A name in the folder. */
  readonly path: (name: string) => string;
  /** Serves the database while each customer gets an address; answers with their receipts. */
  readonly record: (...customers: readonly number[]) => Promise<string[]>;
  /** Serves the database while something is asked. */
  readonly ask: Transport;
  readonly saywhen: (...words: readonly string[]) => Promise<Carried>;
}

/** A place of its own for a test, gone after it. @param folder where it is, when it is to be somewhere else */
export function place(test: TestContext | undefined, folder: string = folderOf(test)): Place {
  const path = (name: string): string => join(folder, name);
  const file = path("saywhen.db");
  const serving = async <Value>(use: (send: Transport) => Promise<Value>): Promise<Value> => {
    await using running = await startInProcess({ file });
    return await use(inProcess(running.service.server));
  };
  return {
    file,
    path,
    ask: (request) => serving((send) => send(request)),
    saywhen: (...words) => carryOut(words, { SAYWHEN_DATABASE: file }),
    record: (...customers) =>
      serving(async (send) => {
        const receipts: string[] = [];
        for (const customer of customers) {
          const { headers, body } = await send(acts.putCustomer(customer, `${customer}@example.com`));
          const receipt = await send(acts.get(`/v1/changes/${headers["saywhen-change"]}/receipt`));
          assert.equal(receipt.status, 200, `${body} ${receipt.body}`);
          receipts.push(receipt.body);
        }
        return receipts;
      }),
  };
}

function folderOf(test: TestContext | undefined): string {
  const folder = temporaryFolder();
  test?.after(() => folder[Symbol.dispose]());
  return folder.path;
}
