import { addressForms, normalFormOfEither } from "./address.ts";
import type { CatalogueWords } from "./catalogue.ts";
import type { Fault } from "./fault.ts";
import { listed, notOneOf } from "./sentence.ts";

/** Why an address is stopped. */
export const suppressionReasons = [
  "hard-bounce",
  "complaint",
  "stop-keyword",
  "manual",
  "legal",
  "deactivated",
] as const;

export type SuppressionReason = (typeof suppressionReasons)[number];

/** A stop on an address; it outranks every choice. */
export interface Suppression {
  /** RFC 3339. */
  readonly at: string;
  /** The one channel that is stopped; every channel, if absent. */
  readonly channel?: string;
  /** Tells it from every other that this address has, or ever had; counted from 1. */
  readonly number: number;
  readonly reason: SuppressionReason;
}

/** All that stops one address now. Whose address, or which, is nowhere in it: an erasure leaves it as it is. */
export interface AddressSuppressions {
  /** How many suppressions it ever had. */
  readonly ever: number;
  readonly suppressions: readonly Suppression[];
}

/** To which suppression a piece of evidence belongs, which its change holds: that could name somebody, a suppression not. */
export interface SuppressionEvidence {
  /** The suppression's number. */
  readonly suppression: number;
}

/** What makes the marks of addresses. */
export interface MarkKey {
  /** 32 random bytes in base64. */
  readonly key: string;
}

/** What a stop asks for. */
export interface SuppressionWish {
  /** The address in its normal form. */
  readonly address: string;
  readonly channel?: string;
  readonly reason: SuppressionReason;
}

/** A stop as it was sent: not yet looked up. */
export interface AskedSuppression {
  readonly address: string;
  readonly channel?: string;
  readonly reason: string;
}

/**
 * Holds a stop against the catalogue. A retired channel is taken: to stop is always possible.
 *
 * @returns what is wished, or every fault
 */
export function checkSuppression(
  asked: AskedSuppression,
  words: CatalogueWords,
): { readonly wish: SuppressionWish } | { readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const { channel } = asked;
  const address = normalFormOfEither(asked.address);
  if (address === undefined) {
    const message = `must be ${addressForms.email}, or ${addressForms.phone}`;
    faults.push({ problem: "address-invalid", path: ["address"], message });
  }
  if (channel !== undefined && !words.channels.has(channel)) {
    const message = notOneOf(channel, "channel", words.channels.values());
    faults.push({ problem: "channel-unknown", path: ["channel"], message });
  }
  const reason = suppressionReasons.find((known) => known === asked.reason);
  if (reason === undefined) {
    const message = `must be one of ${listed(suppressionReasons)}`;
    faults.push({ problem: "value-invalid", path: ["reason"], message });
  }
  if (address === undefined || reason === undefined || faults.length > 0) return { faults };
  return { wish: { address, ...(channel !== undefined && { channel }), reason } };
}

/**
 * What an address's suppressions become by one more. Two are the same when they stop the same channel, or all, for the
 * same reason: the one that is there stays as it is, its time too. Another reason is another stop, because
 * lifting one must not lift the other.
 *
 * @param at RFC 3339
 * @returns the document, the current one itself when the same was there, and the suppression's number
 */
export function suppress(
  current: AddressSuppressions | undefined,
  { channel, reason }: Omit<SuppressionWish, "address">,
  at: string,
): { readonly document: AddressSuppressions; readonly number: number } {
  const { ever, suppressions } = current ?? { ever: 0, suppressions: [] };
  const same = suppressions.find((other) => other.channel === channel && other.reason === reason);
  if (current !== undefined && same !== undefined) return { document: current, number: same.number };
  const number = ever + 1;
  const suppression: Suppression = { at, ...(channel !== undefined && { channel }), number, reason };
  return { document: { ever: number, suppressions: [...suppressions, suppression] }, number };
}

/** What is left of an address's suppressions without one of them; undefined when it has none of that number. */
export function lift(current: AddressSuppressions | undefined, number: number): AddressSuppressions | undefined {
  if (!current?.suppressions.some((suppression) => suppression.number === number)) return undefined;
  return { ...current, suppressions: current.suppressions.filter((suppression) => suppression.number !== number) };
}

/** Whether an address is stopped on a channel; on any, where none is given. */
export function isSuppressed(current: AddressSuppressions | undefined, channel?: string): boolean {
  const stops = ({ channel: stopped }: Suppression) =>
    channel === undefined || stopped === undefined || stopped === channel;
  return current?.suppressions.some(stops) ?? false;
}
