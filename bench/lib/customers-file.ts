import { hash } from "node:crypto";
import { join } from "node:path";
import { limits } from "../../src/domain/limits.ts";
import { loadCatalogue } from "../../src/service/catalogue.ts";
import { Log } from "../../src/service/log.ts";
import { ensureMarkKey } from "../../src/service/mark.ts";
import type { Store } from "../../src/service/store.ts";
import { openKeyFiles } from "../../src/storage/key-files.ts";
import { openSqliteStore } from "../../src/storage/sqlite/sqlite-store.ts";
import { catalogue, draftOf } from "./customers.ts";
import { keptFolder } from "./folder.ts";

/** A database and the key of its log, as the settings of the service name them. */
export interface KeyedDatabase {
  readonly url: string;
  readonly key: string;
}

/** The model's customers in an SQLite file, every change with its entry in the log; it stays for the next run. */
export async function customersFile(customers: number): Promise<KeyedDatabase> {
  // Another model makes another file.
  const sample = JSON.stringify([catalogue, Array.from({ length: 100 }, (_, number) => draftOf(number))]);
  const name = `customers-${customers}-${hash("sha256", sample).slice(0, 12)}`;
  const folder = await keptFolder(name, (made) => makeFile(filesIn(made), customers));
  return filesIn(folder);
}

/** The catalogue and the key of marks, as the first start records them. */
export async function begin(store: Store): Promise<void> {
  await loadCatalogue(store, () => catalogue);
  await ensureMarkKey(store);
}

/** Records the model's customers, in the order of their numbers. */
export async function record(store: Store, customers: number): Promise<void> {
  for (let from = 0; from < customers; from += limits.groupWrites) {
    const length = Math.min(limits.groupWrites, customers - from);
    await Promise.all(Array.from({ length }, (_, index) => recordOne(store, from + index)));
  }
}

function recordOne(store: Store, number: number) {
  return store.append({ reads: [], step: () => ({ append: [draftOf(number)] }) });
}

function filesIn(folder: string): KeyedDatabase {
  const url = join(folder, "customers.db");
  return { url, key: `${url}.key` };
}

async function makeFile({ url, key }: KeyedDatabase, customers: number): Promise<void> {
  console.log(`Recording ${customers} customers in a file, which stays for the next run …`);
  const store = await openSqliteStore({ file: url });
  await begin(store);
  await record(store, customers);
  const log = await Log.open({ store, keyFiles: openKeyFiles(key), onError: fail });
  await log.checkpoint();
  await log.close();
  await store.close();
}

function fail(error: unknown): never {
  throw error;
}
