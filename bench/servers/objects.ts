import { parseArgs } from "node:util";
import type { Choice } from "../../src/domain/customer-preferences.ts";
import { countChoices, numbersOf } from "../lib/batches.ts";
import { type Cell, cells, choiceOf, common, customerOf, rare } from "../lib/customers.ts";
import { numberIn, secondsSince, serveTasks } from "../lib/tasks.ts";

/** What one would write first: a Map of objects, which holds each customer's choices by category and channel. */
const { values } = parseArgs({
  options: { port: { type: "string", default: "0" }, customers: { type: "string", default: "0" } },
});

interface Kept {
  readonly subject: string;
  readonly choices: Record<string, Record<string, Choice>>;
}

const kept = new Map<string, Kept>();
for (let number = 0; number < Number(values.customers); number += 1) {
  const one: Kept = { subject: customerOf(number), choices: {} };
  for (const cell of cells) {
    const choice = choiceOf(number, cell);
    if (choice !== undefined) (one.choices[cell.category] ??= {})[cell.channel] = choice;
  }
  kept.set(one.subject, one);
}

serveTasks(Number(values.port), {
  async answers(given) {
    const customers = numberIn(given, "customers");
    const numbers = numbersOf(customers, customers);
    const subjects = Array.from(numbers, customerOf);
    const counts = { yes: 0, no: 0 };
    const used = process.cpuUsage();
    for (const subject of subjects) {
      const choice = chosen(kept.get(subject), common);
      if (choice === "opted-in") counts.yes += 1;
      else if (choice === "opted-out") counts.no += 1;
    }
    const seconds = secondsSince(used);
    const expected = countChoices(numbers, common, customers);
    if (counts.yes !== expected.yes || counts.no !== expected.no) throw new Error("the Map answers wrongly");
    return { rate: subjects.length / seconds };
  },
  async count(given) {
    const cell = given.get("cell") === "rare" ? rare : common;
    let count = 0;
    const milliseconds = Array.from({ length: 5 }, () => {
      const start = performance.now();
      count = 0;
      for (const one of kept.values()) if (chosen(one, cell) === "opted-in") count += 1;
      return performance.now() - start;
    });
    return { count, milliseconds };
  },
});

function chosen(one: Kept | undefined, { category, channel }: Cell): Choice | undefined {
  return one?.choices[category]?.[channel];
}
