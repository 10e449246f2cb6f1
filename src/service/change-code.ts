import { normalForm } from "../domain/address.ts";
import type { Change } from "../domain/change.ts";
import type { CustomerPreferences } from "../domain/customer-preferences.ts";
import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import {
  type EmailPreferences,
  type ModuleChoice,
  type NodeChoice,
  nothingChosen,
} from "../domain/email-preferences.ts";
import { entryNameOf, type Stream, subjectOf } from "../domain/stream.ts";
import { isCustomer, readSubject } from "../domain/subject.ts";
import { subjectKeyBytes, type SubjectKey, takeKey } from "../domain/subject-key.ts";
import { sha256 } from "../audit/verify-receipt.ts";
import type { KeptCode } from "./code-store.ts";
import type { Marker } from "./mark.ts";

/*
 * The code of a change: what an index takes in of it, in a few bytes. Numbers are little-endian. Names of the catalogue
 * stand as the first four bytes of the SHA-256 of their list as JSON, so that no table of names has to be kept, and a change
 * has the same code on every node. What has no place in an index has no byte.
 *
 *   customer      1, addresses u16, instants u16, selections u32; of each address its mark; of each instant f64 (ms);
 *                 of each selection its slot u32, flags u8, address u16 and instant u16, counted from 0
 *   preferences   2, frequency u32, labels; modules u16, of each its name u32, preference u8, and of one that is `Custom`
 *                 its frequency u32 (0 for none) and labels; alert services u16, of each its name u32, and u8: 1 for `On`
 *   entry         3, organisation f64 (0 for none), addresses u8: one or none, and its mark
 *
 * Labels: how many u16, and of each a u32 for it and its node. The last four bytes of every code are its check.
 */

/**
 * Counts what codes mean: whoever changes anything above, or the normal forms by which addresses are marked, adds one. Codes
 * of another version look damaged, and are made anew.
 */
const codeVersion = 1;

/** What a code begins with. */
export const codeKinds = { customer: 1, preferences: 2, entry: 3 } as const;

/** The bytes of a mark that tell addresses apart: three words. */
export const markedBytes = 12;

/** How long the parts of a customer's code are, in bytes. */
export const customerParts = { head: 9, instant: 8, selection: 9 } as const;

/** The flags of a selection. */
export const flags = { optedOut: 1, unconfirmed: 2 } as const;

/** A module's preferences, by their numbers: their order is part of what codes mean. */
export const modulePreferences: readonly ModuleChoice["preference"][] = ["Include", "Off", "Custom"];

/** What a u16 counts at most. */
const most = 0xffff;

/** A code without that which ties it to the log. */
export type ChangeCode = Omit<KeptCode, "commitment">;

/**
 * The code of a change.
 *
 * @param place that of its stream
 * @param marker marks addresses by the key of the log
 * @returns undefined for a document that cannot be coded: it has more of anything than a code can count, or a word that is
 * none
 */
export function codeOf(place: number, { position, stream, document }: Change, marker: Marker): ChangeCode | undefined {
  const said = new Saying();
  if (!say(said, stream, typeof document === "object" ? document : null, marker)) return undefined;
  const name = nameOf(stream);
  said.word(checkOf(said.bytes, checkOf(name, checkFrom(place, position))));
  return { place, position, name, said: said.bytes };
}

/** Bytes of a code's check. */
export const checkBytes = 4;

function checkOf(bytes: Uint8Array, from: number): number {
  return checkIn(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength, from);
}

/**
 * What tells that bytes are those that were written: disks lose bits, and no yes may come of that. What differs in one
 * word of four bytes, or in less, never has the same. A code's is made over its name and what it says, from `checkFrom`.
 *
 * @param from what came before
 */
export function checkIn(bytes: DataView, start: number, end: number, from: number): number {
  let check = from | 0;
  let at = start;
  for (; at + 4 <= end; at += 4) check = mixed(check ^ bytes.getInt32(at, true));
  for (; at < end; at += 1) check = mixed(check ^ bytes.getUint8(at));
  return check >>> 0;
}

/** What the check of a code begins with: where it stands, and by which rules it was made. */
export function checkFrom(place: number, position: number): number {
  return mixed(mixed(mixed(codeVersion) ^ place) ^ position);
}

/** Nothing is lost by it: whatever differs before differs after. */
function mixed(word: number): number {
  const product = Math.imul(word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** What stands for a name of the catalogue, or for several that belong together; never 0. */
export function nameCode(...names: readonly string[]): number {
  let known = knownNames;
  for (const name of names) known = known.longer.get(name) ?? learn(known, name);
  known.code ??= sha256(Buffer.from(JSON.stringify(names))).readUInt32LE() || 1;
  return known.code;
}

/** Names that were coded before, by what begins with them: to hash each again would be most of the work. */
interface KnownNames {
  code?: number;
  readonly longer: Map<string, KnownNames>;
}

const knownNames: KnownNames = { longer: new Map() };
const knownNamesMost = 100_000;
let namesKnown = 0;

/** The names are those of catalogues, which nobody fills without end; but nobody has promised that either. */
function learn(known: KnownNames, name: string): KnownNames {
  if (namesKnown >= knownNamesMost) {
    knownNames.longer.clear();
    namesKnown = 0;
  }
  namesKnown += 1;
  const longer: KnownNames = { longer: new Map() };
  known.longer.set(name, longer);
  return longer;
}

const key: SubjectKey = new Int32Array(subjectKeyBytes / 4);

/** All zeros for a stream that is no subject's. */
function nameOf(stream: Stream): Buffer {
  const name = Buffer.alloc(subjectKeyBytes);
  const subject = subjectOf(stream);
  if (subject === undefined) return name;
  takeKey(key, subject);
  key.forEach((word, index) => name.writeInt32LE(word, 4 * index));
  return name;
}

/** @returns whether there was room for all of it */
function say(said: Saying, stream: Stream, document: object | null, marker: Marker): boolean {
  if (entryNameOf(stream) !== undefined) return sayEntry(said, document ?? {}, marker);
  const subject = readSubject(stream);
  if (subject === undefined) return true;
  return isCustomer(subject)
    ? sayCustomer(said, { selections: [], ...document }, marker)
    : sayPreferences(said, { ...nothingChosen, ...document });
}

function sayCustomer(said: Saying, { selections }: CustomerPreferences, marker: Marker): boolean {
  const normals = numbered(selections.map(({ normal }) => normal));
  const instants = numbered(selections.map(({ modifiedAt }) => modifiedAt));
  if (normals.size > most || instants.size > most) return false;
  said.byte(codeKinds.customer).short(normals.size).short(instants.size).word(selections.length);
  for (const normal of normals.keys()) said.mark(marker(normal));
  for (const instant of instants.keys()) said.number(Date.parse(instant));
  for (const { category, channel, type, choice, unconfirmed, normal, modifiedAt } of selections) {
    const flag = (choice === "opted-out" ? flags.optedOut : 0) | (unconfirmed === true ? flags.unconfirmed : 0);
    said.word(nameCode(category, channel, type)).byte(flag);
    said.short(normals.get(normal) ?? 0).short(instants.get(modifiedAt) ?? 0);
  }
  return true;
}

function sayPreferences(said: Saying, { frequency, nodes, modules, alertServices }: EmailPreferences): boolean {
  if (modules.length > most || alertServices.length > most) return false;
  if (![{ nodes }, ...modules].every((wish) => labelsIn(wish.nodes ?? []).length <= most)) return false;
  if (!modules.every(({ preference }) => modulePreferences.includes(preference))) return false;
  said.byte(codeKinds.preferences).word(nameCode(frequency));
  sayLabels(said, nodes);
  said.short(modules.length);
  for (const module of modules) sayModule(said, module);
  said.short(alertServices.length);
  for (const { name, preference } of alertServices) said.word(nameCode(name)).byte(preference === "On" ? 1 : 0);
  return true;
}

function sayModule(said: Saying, { name, preference, frequency, nodes = [] }: ModuleChoice): void {
  said.word(nameCode(name)).byte(modulePreferences.indexOf(preference));
  if (preference !== "Custom") return;
  said.word(frequency === undefined ? 0 : nameCode(frequency));
  sayLabels(said, nodes);
}

function sayLabels(said: Saying, nodes: readonly NodeChoice[]): void {
  const labels = labelsIn(nodes);
  said.short(labels.length);
  for (const label of labels) said.word(label);
}

function labelsIn(nodes: readonly NodeChoice[]): number[] {
  return nodes.flatMap(({ node, labels }) => labels.map((label) => nameCode(node, label)));
}

function sayEntry(said: Saying, entry: Partial<UserEntry & OrganisationEntry>, marker: Marker): true {
  const normal = entry.email === undefined ? undefined : normalForm("email", entry.email);
  said
    .byte(codeKinds.entry)
    .number(entry.organisation ?? 0)
    .byte(normal === undefined ? 0 : 1);
  if (normal !== undefined) said.mark(marker(normal));
  return true;
}

/** Each text once, with its number, counted from 0. */
function numbered(texts: readonly string[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const text of texts) if (!numbers.has(text)) numbers.set(text, numbers.size);
  return numbers;
}

/** Bytes that are written one behind the other; what two of them may share is made once. */
class Saying {
  static #room = Buffer.alloc(4096);
  #length = 0;

  /** A copy of what was written. */
  get bytes(): Buffer {
    return Buffer.from(Saying.#room.subarray(0, this.#length));
  }

  byte(value: number): this {
    this.#take(1).writeUInt8(value, this.#length - 1);
    return this;
  }

  short(value: number): this {
    this.#take(2).writeUInt16LE(value, this.#length - 2);
    return this;
  }

  word(value: number): this {
    this.#take(4).writeUInt32LE(value, this.#length - 4);
    return this;
  }

  number(value: number): this {
    this.#take(8).writeDoubleLE(value, this.#length - 8);
    return this;
  }

  mark(mark: Buffer): this {
    mark.copy(this.#take(markedBytes), this.#length - markedBytes, 0, markedBytes);
    return this;
  }

  #take(count: number): Buffer {
    this.#length += count;
    if (this.#length > Saying.#room.length) Saying.#room = Buffer.concat([Saying.#room, Buffer.alloc(this.#length)]);
    return Saying.#room;
  }
}
