import { answerOf, type Cell, cells, choiceOf, common, customerOf, draw } from "./customers.ts";

/** How a batch is written: one question of many, or a question a line. */
export type BatchForm = "once" | "each";

/** A body of NDJSON, and what must come back. */
export interface Batch {
  readonly lines: number;
  readonly sent: Buffer;
  readonly answer: Buffer;
}

/** One in so many lines asks of somebody of whom nothing is known. */
const unknownEvery = 50;

/** Numbers of customers in random order, each once, and some of nobody that is known. */
export function numbersOf(lines: number, customers: number): Uint32Array {
  if (lines > customers) throw new Error(`${lines} lines about ${customers} customers would repeat themselves`);
  const numbers = shuffled(customers).slice(0, lines);
  for (let index = 0; index < lines; index += unknownEvery) numbers[index] = customers + index;
  return numbers;
}

/** The batch of these lines, made ready to be sent; always the same. */
export function batchOf(form: BatchForm, lines: number, customers: number): Batch {
  const numbers = numbersOf(lines, customers);
  const { category, channel } = common;
  const sent: Buffer[] = [
    form === "once" ? Buffer.from(`${JSON.stringify({ question: { category, channel } })}\n`) : noBytes,
  ];
  const answer: Buffer[] = [];
  const atOnce = 10_000;
  for (let from = 0; from < lines; from += atOnce) {
    const some = numbers.subarray(from, from + atOnce);
    sent.push(textOf(some, (number) => (form === "once" ? nameLine(number) : questionLine(number))));
    answer.push(textOf(some, (number) => answerOf(number, form === "once" ? common : cellFor(number), customers)));
  }
  return { lines, sent: Buffer.concat(sent), answer: Buffer.concat(answer) };
}

/** How many of these customers said yes, and how many no. */
export function countChoices(numbers: Uint32Array, cell: Cell, customers: number): { yes: number; no: number } {
  const counts = { yes: 0, no: 0 };
  for (const number of numbers) {
    const choice = number < customers ? choiceOf(number, cell) : undefined;
    if (choice === "opted-in") counts.yes += 1;
    else if (choice === "opted-out") counts.no += 1;
  }
  return counts;
}

/** The lines of an audience, as they must come. */
export function audienceOf(cell: Cell, customers: number): { readonly lines: number; readonly answer: Buffer } {
  const pieces: Buffer[] = [];
  let lines = 0;
  let text = "";
  for (let number = 0; number < customers; number += 1) {
    if (choiceOf(number, cell) !== "opted-in") continue;
    text += `{"subject":"${customerOf(number)}"}\n`;
    lines += 1;
    if (lines % 10_000 !== 0) continue;
    pieces.push(Buffer.from(text));
    text = "";
  }
  return { lines, answer: Buffer.concat([...pieces, Buffer.from(text)]) };
}

const noBytes = Buffer.alloc(0);

function nameLine(number: number): string {
  return `"${customerOf(number)}"\n`;
}

function questionLine(number: number): string {
  const { category, channel } = cellFor(number);
  return `${JSON.stringify({ subject: customerOf(number), category, channel })}\n`;
}

/** In which cell a line asks that asks a question of its own. */
function cellFor(number: number): Cell {
  return cells[Math.floor(draw(number, 50) * cells.length)] ?? common;
}

function textOf(numbers: Uint32Array, print: (number: number) => string): Buffer {
  return Buffer.from(Array.from(numbers, print).join(""));
}

/** Fisher and Yates, by draws that are always the same. */
function shuffled(count: number): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, number) => number);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(draw(last, 60) * (last + 1));
    const swapped = numbers[last] ?? 0;
    numbers[last] = numbers[other] ?? 0;
    numbers[other] = swapped;
  }
  return numbers;
}
