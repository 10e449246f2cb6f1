import type { Catalogue } from "../../src/domain/catalogue.ts";
import { checkCatalogue } from "../../src/domain/catalogue-check.ts";
import { draft } from "../../src/domain/change.ts";
import type { Choice, CustomerPreferences, Selection } from "../../src/domain/customer-preferences.ts";
import { preferencesOf } from "../../src/domain/stream.ts";
import { customer, type Customer } from "../../src/domain/subject.ts";

/** The categories, and how many customers were asked about each, on whatever channel. */
const categories = [
  { name: "Service Notification", share: 0.9 },
  { name: "Billing", share: 0.7 },
  { name: "Service Exception", share: 0.6 },
  { name: "Offers", share: 0.4 },
  { name: "Newsletter", share: 0.3 },
  { name: "Research", share: 0.1 },
] as const;

/** The channels, and on how many customers' channels each is. */
const channels = [
  { name: "Email", share: 0.9, type: "EMAIL" },
  { name: "Text", share: 0.6, type: "PHONE" },
  { name: "Voice", share: 0.25, type: "PHONE" },
  { name: "WhatsApp", share: 0.2, type: "PHONE" },
] as const;

const optedInShare = 0.6;

/** A category and a channel: what is asked about a customer. */
export interface Cell {
  readonly category: string;
  readonly channel: string;
  /** Their places in the lists. */
  readonly row: number;
  readonly column: number;
}

/** Every category on every channel: 24. */
export const cells: readonly Cell[] = categories.flatMap((category, row) =>
  channels.map((channel, column) => ({ category: category.name, channel: channel.name, row, column })),
);

/** About half of all get this, and about one in a hundred the other. */
export const common = cellOf("Service Notification", "Email");
export const rare = cellOf("Research", "WhatsApp");

/** Six categories and four channels. */
export const catalogue: Catalogue = checked();

/** The customer with this number, below ten million; that of a larger number is somebody of whom nothing is known. */
export function customerOf(number: number): Customer {
  return customer(`1${String(number).padStart(7, "0")}`);
}

/** What the customer has chosen in a cell; undefined when nobody has asked. */
export function choiceOf(number: number, { row, column }: Cell): Choice | undefined {
  if (!isAsked(number, row) || !isReached(number, column)) return undefined;
  return draw(number, 20 + row * channels.length + column) < optedInShare ? "opted-in" : "opted-out";
}

/** All that a customer has chosen: six selections on average, some 1,500 bytes. */
export function documentOf(number: number): CustomerPreferences {
  const selections: Selection[] = [];
  for (const cell of cells) {
    const choice = choiceOf(number, cell);
    if (choice !== undefined) selections.push(selectionOf(number, cell, choice));
  }
  return { selections };
}

/** The change that records it. */
export function draftOf(number: number) {
  const act = { actor: "johnm", client: "crm", trackingId: `request-${number}` };
  return draft(act, "preferences", preferencesOf(customerOf(number)), documentOf(number));
}

/** The line that answers a question about a customer, out of `customers` that there are. */
export function answerOf(number: number, cell: Cell, customers: number): string {
  const choice = number < customers ? choiceOf(number, cell) : undefined;
  const verdict = choice === "opted-in" ? "send" : "withhold";
  return `${JSON.stringify({ subject: customerOf(number), verdict, reason: choice ?? "never-asked" })}\n`;
}

function isAsked(number: number, row: number): boolean {
  return draw(number, row) < (categories[row]?.share ?? 0);
}

function isReached(number: number, column: number): boolean {
  return draw(number, 10 + column) < (channels[column]?.share ?? 0);
}

/** From 0 up to 1, the same for the same number and the same use of it (the finaliser of MurmurHash3). */
export function draw(number: number, use: number): number {
  let state = Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(use + 1, 0x85ebca77);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
}

const created = "2026-03-03T14:05:00.123Z";

function selectionOf(number: number, { category, channel }: Cell, choice: Choice): Selection {
  const isEmail = channel === "Email";
  // A North American number whose area and exchange codes are among those that there may be.
  const digits = String(2_012_000_000 + number);
  const value = isEmail ? `customer.${number}@example.com` : digits;
  return {
    category,
    channel,
    choice,
    createdAt: created,
    createdBy: "johnm",
    modifiedAt: created,
    modifiedBy: "johnm",
    normal: isEmail ? value : `+1${digits}`,
    type: isEmail ? "EMAIL" : "PHONE",
    value,
  };
}

function cellOf(category: string, channel: string): Cell {
  const cell = cells.find((known) => known.category === category && known.channel === channel);
  if (cell === undefined) throw new Error(`the model has no ${category} by ${channel}`);
  return cell;
}

function checked(): Catalogue {
  const phone = channels.filter(({ type }) => type === "PHONE").map(({ name }) => name);
  const outcome = checkCatalogue({
    version: 1,
    channels: channels.map(({ name }) => name),
    types: [
      { name: "EMAIL", channels: ["Email"], kind: "email" },
      { name: "PHONE", channels: phone, kind: "phone" },
    ],
    categories: categories.map(({ name }) => name),
    frequencies: ["Never"],
  });
  if ("catalogue" in outcome) return outcome.catalogue;
  throw new Error(`the model's catalogue is wrong: ${JSON.stringify(outcome.faults)}`);
}
