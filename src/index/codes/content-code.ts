import type { EmailPreferences, ModuleChoice, NodeChoice } from "../../domain/email-preferences.ts";
import { modulePreferences } from "../../service/change-code.ts";
import type { MarkWords } from "../addresses/addresses.ts";
import type { CodeNames } from "./code-names.ts";
import { markAt } from "./customer-code.ts";

/** What a code of an entry in the directory says. */
export interface CodedEntry {
  readonly organisation?: number;
  /** That of the e-mail address, where there is one. */
  readonly marks: readonly MarkWords[];
}

/** Reads what a code of an entry says. @param at where the code's organisation stands */
export function entryIn(bytes: DataView, at: number): CodedEntry {
  const organisation = bytes.getFloat64(at, true);
  const marks = bytes.getUint8(at + 8) === 0 ? [] : [markAt(bytes, at + 9)];
  return organisation === 0 ? { marks } : { organisation, marks };
}

/**
 * Reads what a code of e-mail preferences says.
 *
 * @param at where the code's frequency stands
 * @returns undefined when a name in it is not known
 */
export function emailPreferencesIn(bytes: DataView, at: number, names: CodeNames): EmailPreferences | undefined {
  const reading = new Reading(bytes, at, names);
  const frequency = reading.word();
  const nodes = reading.labels();
  const modules = Array.from({ length: reading.short() }, () => reading.module());
  const alertServices = Array.from({ length: reading.short() }, () => reading.alertService());
  return reading.isKnown ? { alertServices, frequency, modules, nodes } : undefined;
}

class Reading {
  readonly #bytes: DataView;
  readonly #names: CodeNames;
  #at: number;
  /** Whether all names so far are. */
  isKnown = true;

  constructor(bytes: DataView, at: number, names: CodeNames) {
    this.#bytes = bytes;
    this.#at = at;
    this.#names = names;
  }

  short(): number {
    this.#at += 2;
    return this.#bytes.getUint16(this.#at - 2, true);
  }

  word(): string {
    return this.#named(this.#number());
  }

  /** Labels of one node stand together. */
  labels(): NodeChoice[] {
    const nodes: { readonly node: string; readonly labels: string[] }[] = [];
    for (let left = this.short(); left > 0; left -= 1) {
      const { node = "", label = "" } = this.#known(this.#names.labels.get(this.#number())) ?? {};
      const last = nodes.at(-1);
      if (last?.node === node) last.labels.push(label);
      else nodes.push({ node, labels: [label] });
    }
    return nodes;
  }

  module(): ModuleChoice {
    const name = this.word();
    const preference = this.#known(modulePreferences[this.#byte()]) ?? "Off";
    if (preference !== "Custom") return { name, preference };
    const frequency = this.#number();
    const own = frequency === 0 ? {} : { frequency: this.#named(frequency) };
    return { name, preference, ...own, nodes: this.labels() };
  }

  alertService(): EmailPreferences["alertServices"][number] {
    return { name: this.word(), preference: this.#byte() === 1 ? "On" : "Off" };
  }

  #byte(): number {
    this.#at += 1;
    return this.#bytes.getUint8(this.#at - 1);
  }

  #number(): number {
    this.#at += 4;
    return this.#bytes.getUint32(this.#at - 4, true);
  }

  #named(code: number): string {
    return this.#known(this.#names.words.get(code)) ?? "";
  }

  #known<Value>(value: Value | undefined): Value | undefined {
    this.isKnown &&= value !== undefined;
    return value;
  }
}
