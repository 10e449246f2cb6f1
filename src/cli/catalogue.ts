import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { parseCatalogueFile } from "../config/catalogue-file.ts";
import type { Catalogue } from "../domain/catalogue.ts";
import { catalogueStream } from "../domain/stream.ts";
import { applyCatalogue, CatalogueInForce } from "../service/catalogue.ts";
import { type CatalogueEffect, previewCatalogue } from "../service/preview-catalogue.ts";
import { type CatalogueView, catalogueAnswer } from "../wire/catalogue.ts";
import { catalogueEffect } from "../wire/catalogue-effect.ts";
import { inShape } from "./ask.ts";
import { effectLines } from "./catalogue-effect.ts";
import { type Command, type CommandContext, CommandFailure, misunderstood } from "./command.ts";
import { readThrough, through } from "./through.ts";

const usage = `saywhen catalogue show
saywhen catalogue check <file>
saywhen catalogue apply <file> [--dry-run [--json]]
--dry-run: change nothing, and tell whom it would concern; --json: as the service answers it`;

/** What is counted takes its time: each subject's preferences are read. Past this, fetch gives up by itself. */
const countWaitMs = 300_000;

/** Shows, checks and changes what may be chosen. */
export const catalogueCommand: Command = {
  name: "catalogue",
  usage,
  summary: "Show the catalogue in force, check one in a file, put one in force.",
  async run(args, context) {
    const { verb, file, isDryRun, isJson } = read(args);
    if (verb === "apply" && file !== undefined && isDryRun) await preview(file, isJson, context);
    else if (isDryRun || isJson) throw misunderstood(usage);
    else if (verb === "show" && file === undefined) context.print(inYaml(await show(context)));
    else if (verb === "check" && file !== undefined) check(file, context);
    else if (verb === "apply" && file !== undefined) await apply(file, context);
    else throw misunderstood(usage);
    return 0;
  },
};

/** What was asked for. Throws CommandFailure when it cannot be understood. */
function read(args: readonly string[]) {
  const { positionals, values } = parsed(args);
  const [verb, file, ...rest] = positionals;
  if (rest.length > 0) throw misunderstood(usage);
  return { verb, file, isDryRun: values["dry-run"] ?? false, isJson: values.json ?? false };
}

function parsed(args: readonly string[]) {
  try {
    const options = { "dry-run": { type: "boolean" }, json: { type: "boolean" } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch {
    throw misunderstood(usage);
  }
}

async function show(context: CommandContext): Promise<Catalogue> {
  const request = { method: "GET", path: "/v1/catalogue", read: inShape(catalogueAnswer) } as const;
  const { catalogue } = await through(context, request, ({ catalogue: { change } }) => ({ value: viewOf(change) }));
  return catalogue;
}

function check(file: string, { tell }: CommandContext): void {
  const { version } = readCatalogue(file);
  tell(`${file} is a valid catalogue, version ${version}.`);
}

async function apply(file: string, context: CommandContext): Promise<void> {
  const wish = readCatalogue(file);
  const shared = { method: "PUT", path: "/v1/catalogue", body: wish, waitMs: countWaitMs } as const;
  const request = { ...shared, read: inShape(catalogueAnswer) };
  const { catalogue, change } = await through(context, request, async (database) => {
    const act = { actor: "saywhen catalogue apply", client: "saywhen" };
    const outcome = await applyCatalogue(database.store, database.catalogue, wish, act);
    return "value" in outcome ? { value: viewOf(outcome.value) } : outcome;
  });
  context.tell(`Version ${catalogue.version} of the catalogue is in force, since change ${change}.`);
}

async function preview(file: string, isJson: boolean, context: CommandContext): Promise<void> {
  const wish = readCatalogue(file);
  const shared = { method: "PUT", path: "/v1/catalogue?dryRun=true", body: wish, waitMs: countWaitMs } as const;
  const request = { ...shared, read: inShape(catalogueEffect) };
  const effect = await readThrough<CatalogueEffect>(context, request, async (records) => {
    const [change] = await records.newest([catalogueStream]);
    if (change === undefined) throw new CommandFailure("There is no catalogue yet: start the service once.");
    return previewCatalogue({ records, catalogue: new CatalogueInForce(change), at: Date.now() }, wish);
  });
  const told = { ...effect, dryRun: true };
  for (const line of isJson ? [catalogueEffect.print(told, "json")] : effectLines(effect)) context.print(line);
  context.tell("Nothing was recorded.");
}

/** The catalogue in a file. Throws CommandFailure with everything that is wrong with it, by line. */
function readCatalogue(file: string): Catalogue {
  const reading = parseCatalogueFile(textIn(file), file);
  if ("catalogue" in reading) return reading.catalogue;
  throw new CommandFailure(reading.errors.join("\n"));
}

function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandFailure(`The file cannot be read: ${(error as Error).message}`);
  }
}

function viewOf({ document, position }: { readonly document: Catalogue; readonly position: number }): CatalogueView {
  return { catalogue: document, change: position };
}

/** As one would write it: what customers choose from first, and a name alone where there is no more to say. */
function inYaml({
  version,
  channels,
  types,
  categories,
  frequencies,
  nodes,
  modules,
  alertServices,
  timeZones,
}: Catalogue): string {
  const inOrder = { version, channels, types, categories, frequencies, nodes, modules, alertServices, timeZones };
  return stringify(inOrder, (_key, value: unknown) => (isNameAlone(value) ? value.name : value)).trimEnd();
}

function isNameAlone(value: unknown): value is { name: string; retired: false } {
  if (typeof value !== "object" || value === null) return false;
  const { retired, name, ...rest } = value as { retired?: unknown; name?: unknown };
  return retired === false && typeof name === "string" && Object.keys(rest).length === 0;
}
