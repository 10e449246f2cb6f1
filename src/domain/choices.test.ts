import assert from "node:assert/strict";
import { it } from "node:test";
import type { Catalogue } from "./catalogue.ts";
import { everyChoice } from "./choices.ts";
import type { Selection } from "./customer-preferences.ts";

const catalogue: Catalogue = {
  alertServices: [],
  categories: [
    { enabled: false, essential: false, name: "A", retired: false },
    { enabled: true, essential: false, name: "B", retired: true },
  ],
  channels: [
    { name: "Text", retired: false },
    { name: "Email", retired: false },
  ],
  frequencies: [],
  modules: [],
  nodes: [],
  timeZones: {},
  types: [
    { channels: ["Email", "Text"], kind: "phone", name: "SPHONE", retired: false },
    { channels: ["Text"], kind: "phone", name: "BPHONE", retired: false },
    { channels: ["Text"], kind: "phone", name: "OLD", retired: true },
  ],
  version: 1,
};

function chosen(category: string, channel: string, type: string): Selection {
  const at = "2026-01-01T00:00:00.000Z";
  const by = { createdAt: at, createdBy: "Jo", modifiedAt: at, modifiedBy: "Jo" };
  return { category, channel, type, choice: "opted-out", normal: "+12125550100", value: "2125550100", ...by };
}

function shown(...selections: Selection[]): string[] {
  return everyChoice(catalogue, { selections }).map((choice) => {
    const address = choice.state === "never-asked" ? "" : ` ${choice.value}`;
    return `${choice.category} ${choice.channel} ${choice.type}: ${choice.state}${address}`;
  });
}

it("every choice is each category with each channel and each type that goes with it", () => {
  assert.deepEqual(shown(), [
    "A Text SPHONE: never-asked",
    "A Text BPHONE: never-asked",
    "A Email SPHONE: never-asked",
  ]);
});

it("what is retired, does not go together any more, or is in no catalogue is there where it was chosen", () => {
  const odd = [chosen("Gone", "Text", "BPHONE"), chosen("B", "Email", "BPHONE"), chosen("A", "Text", "OLD")];
  assert.deepEqual(shown(...odd), [
    "A Text SPHONE: never-asked",
    "A Text BPHONE: never-asked",
    "A Text OLD: opted-out 2125550100",
    "A Email SPHONE: never-asked",
    "B Email BPHONE: opted-out 2125550100",
    "Gone Text BPHONE: opted-out 2125550100",
  ]);
});

it("before there was a catalogue there was nothing to choose", () => {
  assert.deepEqual(everyChoice(undefined, undefined), []);
});
