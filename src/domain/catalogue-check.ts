import { isSupportedCountry } from "libphonenumber-js/min";
import type { AddressKind } from "./address.ts";
import {
  type Catalogue,
  type Category,
  type Channel,
  folded,
  type MetadataNode,
  type SelectionType,
  type Word,
} from "./catalogue.ts";
import { isDuration } from "./expiry.ts";
import type { Fault, Path } from "./fault.ts";
import { limits } from "./limits.ts";
import { isQuietHours } from "./quiet-hours.ts";
import { listed } from "./sentence.ts";
import { sortedByKey } from "./sorted.ts";
import { isTimeZone } from "./time-zone.ts";

/**
 * Reads a catalogue from what JSON or YAML came to. A word may be its name alone, or an object that says more; a list
 * that is not there is empty.
 *
 * @returns the catalogue with every member written out and keys in sorted order (reading it again changes nothing), or
 *   every fault
 */
export function checkCatalogue(
  value: unknown,
): { readonly catalogue: Catalogue } | { readonly faults: readonly Fault[] } {
  const check = new Check();
  const given = check.members(value, [], ["version"], sections);
  const channels = check.words(given.channels, ["channels"], ["timeZone"], channelOf);
  const names = channels.map(({ name }) => name);
  const catalogue: Catalogue = {
    alertServices: check.words(given.alertServices, ["alertServices"], [], wordOf),
    categories: check.words(given.categories, ["categories"], categoryKeys, (...entry) => categoryOf(names, ...entry)),
    channels,
    frequencies: frequenciesOf(given.frequencies, check),
    modules: check.words(given.modules, ["modules"], [], wordOf),
    nodes: check.words(given.nodes, ["nodes"], ["labels"], nodeOf),
    timeZones: timeZonesOf(given.timeZones, check),
    types: check.words(given.types, ["types"], ["channels", "kind"], (...entry) => typeOf(names, ...entry)),
    version: versionOf(given.version, check),
  };
  return check.faults.length > 0 ? { faults: check.faults } : { catalogue };
}

const sections = ["channels", "types", "categories", "frequencies", "nodes", "modules", "alertServices", "timeZones"];
const categoryKeys = ["enabled", "essential", "expiresAfter", "quietHours"];
const timeZoneForm = "an IANA time zone, such as Europe/Dublin";
const addressKinds: readonly AddressKind[] = ["email", "phone"];

type Members = Readonly<Record<string, unknown>>;

/** What one entry of a list is read from: its name and retirement, its members, its place. */
type ReadWord<Entry extends Word> = (word: Word, given: Members, path: Path, check: Check) => Entry;

/**
 * Collects every fault. A reading that fails is reported and answers something of the right type, so that the reading
 * goes on; what comes out counts only where nothing was reported.
 */
class Check {
  readonly faults: Fault[] = [];

  report(path: Path, message: string): void {
    this.faults.push({ problem: "catalogue-invalid", path, message });
  }

  /** The members of an object, none of them unknown and none of the required ones missing. */
  members(value: unknown, path: Path, required: readonly string[], optional: readonly string[]): Members {
    if (!isObject(value)) {
      this.report(path, "must be an object");
      return {};
    }
    const known = [...required, ...optional];
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) this.report([...path, key], `is not known here; known are ${listed(known)}`);
    }
    for (const key of required) {
      if (!Object.hasOwn(value, key)) this.report([...path, key], "is missing");
    }
    return Object.fromEntries(known.filter((key) => Object.hasOwn(value, key)).map((key) => [key, value[key]]));
  }

  list(value: unknown, path: Path, lengthMax: number = limits.catalogueListEntries): readonly unknown[] {
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.report(path, "must be a list");
      return [];
    }
    if (value.length > lengthMax) this.report(path, `may have at most ${lengthMax} entries`);
    return value.slice(0, lengthMax);
  }

  /** A list of words, whose names differ in more than letter case. */
  words<Entry extends Word>(value: unknown, path: Path, keys: readonly string[], read: ReadWord<Entry>): Entry[] {
    const names = new Set<string>();
    return this.list(value, path).map((item, index) => {
      const at = [...path, index];
      const given = typeof item === "string" ? { name: item } : this.members(item, at, ["name"], ["retired", ...keys]);
      const nameAt = typeof item === "string" ? at : [...at, "name"];
      const name = Object.hasOwn(given, "name") ? this.name(given.name, nameAt) : "";
      const isRepeated = name !== "" && names.has(folded(name));
      if (isRepeated) this.report(nameAt, `${listed([name])} stands there twice, letter case apart`);
      names.add(folded(name));
      return read({ name, retired: this.flag(given, "retired", false, at) }, given, at, this);
    });
  }

  name(value: unknown, path: Path): string {
    const lengthMax = limits.catalogueNameCharacters;
    if (typeof value !== "string") {
      this.report(path, "must be text; in YAML, put it in quotes");
    } else if (!printable.test(value) || value.trim() !== value) {
      this.report(path, "must be printable text, without control characters and without space around it");
    } else if (Array.from(value).length > lengthMax) {
      this.report(path, `may have at most ${lengthMax} characters`);
    } else {
      return value;
    }
    return "";
  }

  flag(given: Members, key: string, standard: boolean, path: Path): boolean {
    const value = given[key] ?? standard;
    if (typeof value === "boolean") return value;
    this.report([...path, key], "must be true or false");
    return standard;
  }

  /** The text, when it is of the form; `undefined` where none is given, or a wrong one. */
  text(given: Members, key: string, isRight: (text: string) => boolean, form: string, path: Path): string | undefined {
    const value = given[key];
    if (value === undefined) return undefined;
    if (typeof value === "string" && isRight(value)) return value;
    this.report([...path, key], `must be ${form}`);
    return undefined;
  }
}

/** What both a page and XML 1.0 can show; lone surrogates are neither. */
const printable = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFE\uFFFF]+$/u;

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wordOf(word: Word): Word {
  return word;
}

/** Channels are keys of quiet hours, and JavaScript puts keys that look like numbers first, whatever their order. */
function channelOf({ name, retired }: Word, given: Members, path: Path, check: Check): Channel {
  if (/^\d+$/.test(name)) check.report(path, "must have something else than digits in it");
  const timeZone = check.text(given, "timeZone", isTimeZone, timeZoneForm, path);
  return { name, retired, ...(timeZone !== undefined && { timeZone }) };
}

function versionOf(value: unknown, check: Check): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  if (value !== undefined) check.report(["version"], "must be a whole number from 1");
  return 0;
}

/** Who has chosen nothing is shown with the frequency `Never`, so that one is always there. */
function frequenciesOf(value: unknown, check: Check): Word[] {
  const frequencies = check.words(value, ["frequencies"], [], wordOf);
  if (!frequencies.some(({ name, retired }) => name === "Never" && !retired)) {
    check.report(["frequencies"], 'must include "Never", not retired');
  }
  return frequencies;
}

function nodeOf({ name, retired }: Word, given: Members, path: Path, check: Check): MetadataNode {
  if (given.labels === undefined) check.report([...path, "labels"], "is missing");
  return { labels: check.words(given.labels, [...path, "labels"], [], wordOf), name, retired };
}

function typeOf(known: readonly string[], word: Word, given: Members, path: Path, check: Check): SelectionType {
  const channels = check.list(given.channels, [...path, "channels"]);
  channels.forEach((channel, index) => {
    const at = [...path, "channels", index];
    if (!known.includes(channel as string)) check.report(at, `must be one of ${listed(known)}`);
    if (channels.indexOf(channel) < index) check.report(at, "stands there twice");
  });
  if (given.channels === undefined) check.report([...path, "channels"], "is missing");
  else if (Array.isArray(given.channels) && channels.length === 0)
    check.report([...path, "channels"], "must name at least one");
  if (given.kind === undefined) check.report([...path, "kind"], `is missing; it is one of ${listed(addressKinds)}`);
  const isKind = (text: string) => addressKinds.includes(text as AddressKind);
  const kind = check.text(given, "kind", isKind, `one of ${listed(addressKinds)}`, path) as AddressKind | undefined;
  return { channels: channels as readonly string[], kind: kind ?? "email", name: word.name, retired: word.retired };
}

function categoryOf(known: readonly string[], word: Word, given: Members, path: Path, check: Check): Category {
  const expiresAfter = check.text(given, "expiresAfter", isDuration, "an ISO 8601 duration in days, such as P2Y", path);
  const quietHours = quietHoursOf(known, given, path, check);
  return {
    enabled: check.flag(given, "enabled", true, path),
    essential: check.flag(given, "essential", false, path),
    ...(expiresAfter !== undefined && { expiresAfter }),
    name: word.name,
    ...(quietHours !== undefined && { quietHours }),
    retired: word.retired,
  };
}

/** One time of day for every channel, or one for each of some; written out by channel. */
function quietHoursOf(
  known: readonly string[],
  given: Members,
  path: Path,
  check: Check,
): Record<string, string> | undefined {
  const at = [...path, "quietHours"];
  const form = 'two different times of day, such as "21:00-08:00"';
  if (given.quietHours === undefined) return undefined;
  if (typeof given.quietHours === "string") {
    const hours = check.text(given, "quietHours", isQuietHours, form, path);
    return hours === undefined ? undefined : sortedByKey(known.map((channel) => [channel, hours]));
  }
  const byChannel = check.members(given.quietHours, at, [], known);
  const entries = Object.keys(byChannel).map((channel): [string, string] => [
    channel,
    check.text(byChannel, channel, isQuietHours, form, at) ?? "",
  ]);
  return entries.length === 0 ? undefined : sortedByKey(entries);
}

function timeZonesOf(value: unknown, check: Check): Record<string, string[]> {
  if (value === undefined) return {};
  const path = ["timeZones"];
  if (!isObject(value)) {
    check.report(path, "must be an object, with a list of zones for each country");
    return {};
  }
  const countries = Object.keys(value).map((country): [string, string[]] => {
    if (!isSupportedCountry(country)) {
      check.report([...path, country], "must be the ISO 3166 alpha-2 code of a country with phones");
    }
    return [country, zonesOf(value[country], [...path, country], check)];
  });
  return sortedByKey(countries);
}

function zonesOf(value: unknown, path: Path, check: Check): string[] {
  const zones = check.list(value, path, limits.catalogueZones);
  if (Array.isArray(value) && value.length === 0) check.report(path, "must name at least one time zone");
  zones.forEach((zone, index) => {
    if (typeof zone !== "string" || !isTimeZone(zone)) check.report([...path, index], `must be ${timeZoneForm}`);
    if (zones.indexOf(zone) < index) check.report([...path, index], "stands there twice");
  });
  return zones as string[];
}
