import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkCatalogue } from "../domain/catalogue-check.ts";
import { CatalogueFileInvalid, parseCatalogueFile, readCatalogueFile } from "./catalogue-file.ts";

const shippedFile = fileURLToPath(new URL("../../catalogue.yaml", import.meta.url));
const shipped = readFileSync(shippedFile, "utf8");

function errorsOf(text: string): readonly string[] {
  const parsed = parseCatalogueFile(text, "catalogue.yaml");
  assert.ok("errors" in parsed, "the file is refused");
  return parsed.errors;
}

test("the shipped catalogue holds the vocabulary of both contracts", () => {
  const parsed = parseCatalogueFile(shipped, "catalogue.yaml");
  assert.ok("catalogue" in parsed, JSON.stringify(parsed));
  const { catalogue } = parsed;
  const names = (words: readonly { name: string }[]) => words.map(({ name }) => name);
  assert.equal(catalogue.version, 1);
  assert.deepEqual(names(catalogue.channels), ["Text", "Email", "Voice"]);
  assert.deepEqual(names(catalogue.categories), ["Service Notification", "Service Exception"]);
  assert.deepEqual(catalogue.types, [
    { channels: ["Text", "Voice"], kind: "phone", name: "BPHONE", retired: false },
    { channels: ["Text", "Voice"], kind: "phone", name: "SPHONE", retired: false },
    { channels: ["Email"], kind: "email", name: "BEMAIL", retired: false },
    { channels: ["Email"], kind: "email", name: "SEMAIL", retired: false },
  ]);
  assert.deepEqual(names(catalogue.frequencies), ["Daily", "Weekly", "Fortnightly", "Monthly", "Quarterly", "Never"]);
  assert.deepEqual(names(catalogue.nodes), ["Countries", "American States"]);
  assert.deepEqual(
    catalogue.nodes.map(({ labels }) => labels.length),
    [249, 50],
  );
  assert.deepEqual(names(catalogue.modules), ["Publications", "Events", "News"]);
  assert.deepEqual(names(catalogue.alertServices), ["Email alert ABC", "Email alert XYZ"]);
  for (const { enabled, essential, expiresAfter, quietHours } of catalogue.categories) {
    assert.deepEqual([enabled, essential, expiresAfter, quietHours], [true, false, undefined, undefined]);
  }
});

test("the shipped catalogue's countries stand in alphabetical order", () => {
  const parsed = parseCatalogueFile(shipped, "catalogue.yaml");
  assert.ok("catalogue" in parsed);
  const labels = parsed.catalogue.nodes[0]?.labels.map(({ name }) => name) ?? [];
  for (const country of ["Algeria", "Angola", "Benin", "Türkiye", "Côte d'Ivoire", "Zimbabwe"]) {
    assert.ok(labels.includes(country), country);
  }
  assert.deepEqual(labels, labels.toSorted(new Intl.Collator("en").compare));
});

test("JSON is taken as well, and a recorded catalogue is read back as it is", () => {
  const parsed = parseCatalogueFile(shipped, "catalogue.yaml");
  assert.ok("catalogue" in parsed);
  assert.deepEqual(parseCatalogueFile(JSON.stringify(parsed.catalogue), "catalogue.json"), parsed);
  assert.deepEqual(checkCatalogue(parsed.catalogue), parsed);
});

test("every fault names its line, its column and its key", () => {
  const known = '"name", "retired", "enabled", "essential", "expiresAfter", "quietHours"';
  const text = `version: 0
channels: [Text, Email]
types:
  - { name: BPHONE, channels: [Fax], kind: phone }
categories:
  - Service Notification
  - name: service notification
    essential: maybe
    colour: red
frequencies: [Never]
`;
  assert.deepEqual(errorsOf(text), [
    "catalogue.yaml:1:1 version: must be a whole number from 1",
    'catalogue.yaml:4:32 types[0].channels[0]: must be one of "Text", "Email"',
    'catalogue.yaml:7:5 categories[1].name: "service notification" stands there twice, letter case apart',
    "catalogue.yaml:8:5 categories[1].essential: must be true or false",
    `catalogue.yaml:9:5 categories[1].colour: is not known here; known are ${known}`,
  ]);
});

test("text that is not YAML is refused with its place", () => {
  assert.match(errorsOf("version: 1\nversion: 2\n")[0] ?? "", /^catalogue\.yaml:2:1 Map keys must be unique/);
  assert.match(errorsOf("version: [1")[0] ?? "", /^catalogue\.yaml:1:12 /);
  assert.match(errorsOf("version: !!js/function 1")[0] ?? "", /^catalogue\.yaml:1:10 Unresolved tag/);
  assert.match(errorsOf("version: 1\n---\nversion: 2\n")[0] ?? "", /multiple documents/);
  assert.match(errorsOf("")[0] ?? "", /^catalogue\.yaml:1:1 must be an object/);
  assert.match(
    errorsOf("channels: [~]\nversion: 1\nfrequencies: [Never]\n")[0] ?? "",
    /^catalogue\.yaml:1:12 channels\[0\]: /,
  );
});

test("a small file cannot come to a very large catalogue", () => {
  const bomb = `a: &a [${"x,".repeat(50)}]\nb: &b [${"*a,".repeat(50)}]\nc: [${"*b,".repeat(50)}]\n`;
  assert.match(errorsOf(bomb)[0] ?? "", /alias/i);
  assert.match(errorsOf("[".repeat(5000))[0] ?? "", /^catalogue\.yaml/);
  assert.match(errorsOf(`# ${"x".repeat(300_000)}`)[0] ?? "", /larger than 262144 bytes/);
});

test("a file that is missing or wrong is an error for the operator", () => {
  assert.equal(readCatalogueFile(shippedFile).version, 1);
  const isInvalid = (error: unknown) => error instanceof CatalogueFileInvalid;
  assert.throws(() => readCatalogueFile(`${shippedFile}.missing`), isInvalid);
  assert.throws(() => readCatalogueFile(fileURLToPath(import.meta.url)), isInvalid);
});
