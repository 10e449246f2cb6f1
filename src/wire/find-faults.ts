import type { Path } from "../domain/fault.ts";
import { isDirectoryId } from "../domain/subject.ts";
import type { FaultList } from "./fault-list.ts";
import type { Layout, ListLayout, MapLayout, NumberLayout, ObjectLayout, TextLayout } from "./layout.ts";

const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Whether XML 1.0 can carry the text: no control characters, no lone surrogates, neither U+FFFE nor U+FFFF. */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text) && text.isWellFormed();
}

/** Adds to the list everything in which the value is not what the layout says, each with its place. */
export function findFaults(layout: Layout, value: unknown, path: Path, faults: FaultList): void {
  switch (layout.kind) {
    case "object":
      return inObject(layout, value, path, faults);
    case "map":
      return inMap(layout, value, path, faults);
    case "list":
      return inList(layout, value, path, faults);
    case "text":
      return inText(layout, value, path, faults);
    case "number":
      return inNumber(layout, value, path, faults);
    case "flag":
      if (typeof value !== "boolean") faults.add("value-invalid", path, "must be true or false");
      return;
    case "ignored":
  }
}

function inObject({ members, known }: ObjectLayout, value: unknown, path: Path, faults: FaultList): void {
  if (!isObject(value, path, faults)) return;
  for (const [name, held] of Object.entries(value)) {
    const member = members.get(name);
    if (member !== undefined) findFaults(member.layout, held, [...path, name], faults);
    else faults.addUnknown(path, name, known);
  }
  for (const { name, isRequired } of members.values()) {
    if (isRequired && !Object.hasOwn(value, name)) faults.add("member-missing", [...path, name], "is missing");
  }
}

function inMap({ item }: MapLayout, value: unknown, path: Path, faults: FaultList): void {
  if (!isObject(value, path, faults)) return;
  for (const [name, held] of Object.entries(value)) findFaults(item, held, [...path, name], faults);
}

function isObject(value: unknown, path: Path, faults: FaultList): value is object {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return true;
  faults.add("value-invalid", path, "must be an object");
  return false;
}

function inList({ item }: ListLayout, value: unknown, path: Path, faults: FaultList): void {
  if (!Array.isArray(value)) {
    faults.add("value-invalid", path, "must be a list");
    return;
  }
  for (const [index, held] of value.entries()) findFaults(item, held, [...path, index], faults);
}

function inText({ least, most, choices, pattern }: TextLayout, value: unknown, path: Path, faults: FaultList): void {
  if (choices.length > 0) {
    const words = choices.map((choice) => `"${choice}"`).join(" or ");
    if (!choices.includes(value as string)) faults.add("value-invalid", path, `must be ${words}`);
  } else if (typeof value !== "string") faults.add("value-invalid", path, "must be a string");
  else if (value.length < least) faults.add("value-invalid", path, "must not be empty");
  else if (!isPrintable(value)) {
    faults.add("text-unprintable", path, "holds a control character or lone surrogate, which XML cannot carry");
  } else if (value.length > most && [...value].length > most) {
    faults.add("limit-exceeded", path, `must not be longer than ${most} characters`);
  } else if (pattern?.test(value) === false) faults.add("value-invalid", path, `must match ${pattern.source}`);
}

function inNumber({ least, most, isTextToo }: NumberLayout, value: unknown, path: Path, faults: FaultList): void {
  const isDigits = isTextToo && typeof value === "string" && isDirectoryId(value);
  if (isDigits || (Number.isInteger(value) && Number(value) >= least && Number(value) <= most)) return;
  faults.add("value-invalid", path, `must be a whole number from ${least} to ${most}`);
}
