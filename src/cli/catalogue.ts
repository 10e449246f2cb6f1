import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { parseCatalogueFile } from "../config/catalogue-file.ts";
import type { Catalogue } from "../domain/catalogue.ts";
import { applyCatalogue } from "../service/catalogue.ts";
import { type CatalogueView, catalogueAnswer } from "../wire/catalogue.ts";
import { inShape } from "./ask.ts";
import { type Command, type CommandContext, CommandFailure, misunderstood } from "./command.ts";
import { through } from "./through.ts";

const usage = `saywhen catalogue show
saywhen catalogue check <file>
saywhen catalogue apply <file>`;

/** Shows, checks and changes what may be chosen. */
export const catalogueCommand: Command = {
  name: "catalogue",
  usage,
  summary: "Show the catalogue in force, check one in a file, put one in force.",
  async run(args, context) {
    const [verb, file, ...rest] = args;
    if (rest.length > 0) throw misunderstood(usage);
    if (verb === "show" && file === undefined) context.print(inYaml(await show(context)));
    else if (verb === "check" && file !== undefined) check(file, context);
    else if (verb === "apply" && file !== undefined) await apply(file, context);
    else throw misunderstood(usage);
    return 0;
  },
};

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
  const request = { method: "PUT", path: "/v1/catalogue", body: wish, read: inShape(catalogueAnswer) } as const;
  const { catalogue, change } = await through(context, request, async (database) => {
    const act = { actor: "saywhen catalogue apply", client: "saywhen" };
    const outcome = await applyCatalogue(database.store, database.catalogue, wish, act);
    return "value" in outcome ? { value: viewOf(outcome.value) } : outcome;
  });
  context.tell(`Version ${catalogue.version} of the catalogue is in force, since change ${change}.`);
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
