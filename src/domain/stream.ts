import type { Catalogue } from "./catalogue.ts";
import type { CustomerPreferences } from "./customer-preferences.ts";
import type { OrganisationEntry, UserEntry } from "./directory.ts";
import type { EmailPreferences } from "./email-preferences.ts";
import type { Continuation, Erasure } from "./log-acts.ts";
import type { AddressSuppressions, MarkKey, SuppressionEvidence } from "./suppression.ts";
import { type Customer, isCustomer, type Organisation, readSubject, type Subject, type User } from "./subject.ts";

declare const state: unique symbol;

/**
 * The name of the line of changes that one thing goes through. Each change belongs to one stream and points at the
 * change before it in that stream; a stream's newest document is its state.
 */
export type Stream<Document = unknown> = string & { readonly [state]: Document };

/** What a subject has chosen. */
export function preferencesOf(subject: Customer): Stream<CustomerPreferences>;
export function preferencesOf(subject: Organisation | User): Stream<EmailPreferences>;
export function preferencesOf(subject: Subject): Stream<CustomerPreferences | EmailPreferences>;
export function preferencesOf(subject: string): Stream {
  return subject as Stream;
}

/** A user's or an organisation's entry in the directory. */
export function entryOf(subject: Organisation): Stream<OrganisationEntry>;
export function entryOf(subject: User): Stream<UserEntry>;
export function entryOf(subject: Organisation | User): Stream<OrganisationEntry | UserEntry>;
export function entryOf(subject: string): Stream {
  return `directory/${subject}` as Stream;
}

/** Every stream that a subject may have: all that is held about it. */
export function streamsOf(subject: Subject): readonly Stream[] {
  const preferences: Stream = preferencesOf(subject);
  return isCustomer(subject) ? [preferences] : [preferences, entryOf(subject)];
}

/** Whose entry it is. */
export interface EntryName {
  readonly kind: "organisation" | "user";
  readonly id: number;
}

const entryName = /^directory\/(organisation|user):([1-9]\d{0,14})$/;

/** Whose entry in the directory a stream holds; undefined for a stream of another kind. */
export function entryNameOf(stream: Stream): EntryName | undefined {
  const [, kind, id] = entryName.exec(stream) ?? [];
  return kind === "organisation" || kind === "user" ? { kind, id: Number(id) } : undefined;
}

/** The subject whose preferences or directory entry a stream holds; undefined for one of another kind. */
export function subjectOf(stream: Stream): Subject | undefined {
  return readSubject(stream.replace(/^directory\//, ""));
}

/** What stops the address that has this mark. */
export function suppressionsOf(mark: string): Stream<AddressSuppressions> {
  return `suppressions/${mark}` as Stream<AddressSuppressions>;
}

/** The mark of the address that a stream of suppressions is about. */
export function markIn(stream: Stream<AddressSuppressions>): string {
  return stream.slice("suppressions/".length);
}

/** What was shown and said about the suppressions of the address that has this mark; erased with whoever had the address. */
export function suppressionEvidenceOf(mark: string): Stream<SuppressionEvidence> {
  return `evidence/${mark}` as Stream<SuppressionEvidence>;
}

/** By which key addresses are marked: recorded once, at the first start. */
export const markingStream = "marking" as Stream<MarkKey>;

/** Every erasure of a subject. */
export const erasureStream = "erasures" as Stream<Erasure>;

/** How the log came by its identities: each says which one went before it. */
export const logStream = "log" as Stream<Continuation>;

/** Everything that may be chosen. */
export const catalogueStream = "catalogue" as Stream<Catalogue>;
