import Type from "typebox";
import type { Catalogue } from "../domain/catalogue.ts";
import { checkCatalogue } from "../domain/catalogue-check.ts";
import { placeInJson, readJson } from "./json-shape.ts";
import { count, object } from "./members.ts";
import type { Shape } from "./shape.ts";

const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const name = Type.String({ minLength: 1 });
const retired = flag("Printed and taken back where it was chosen, refused as new, never sent");
const words = (description: string) =>
  Type.Optional(Type.Array(Type.Union([name, object({ name, retired })]), { description }));
const channel = object({
  name,
  retired,
  timeZone: Type.Optional(
    Type.String({ description: "The IANA zone for quiet hours where nothing tells a nearer one; UTC, if left out" }),
  ),
});
const hours = Type.String({ examples: ["21:00-08:00"] });

const type = object({
  name,
  retired,
  channels: Type.Array(Type.String(), { description: "The channels it goes with" }),
  kind: Type.Enum(["email", "phone"]),
});
const category = object({
  name,
  retired,
  enabled: flag("Whether anything of this category is sent at all; true, if left out"),
  essential: flag("Sent whatever was chosen, unless the address is suppressed"),
  expiresAfter: Type.Optional(Type.String({ description: "How long an opted-in choice holds", examples: ["P2Y"] })),
  quietHours: Type.Optional(
    Type.Union([hours, Type.Record(Type.String(), hours)], { description: "When nothing is sent, local time" }),
  ),
});
const schema = object({
  version: Type.Integer({ description: "Raised with every change", minimum: 1 }),
  channels: Type.Optional(Type.Array(Type.Union([name, channel]), { description: "Ways to reach a customer" })),
  types: Type.Optional(Type.Array(type, { description: "Kinds of address that a customer may choose" })),
  categories: Type.Optional(Type.Array(Type.Union([name, category]), { description: "What messages are about" })),
  frequencies: words("How often an organisation or user is written to; `Never` is one of them"),
  nodes: Type.Optional(
    Type.Array(object({ name, retired, labels: words("Its values") }), { description: "Metadata nodes" }),
  ),
  modules: words("Kinds of content"),
  alertServices: words("Named alerts"),
  timeZones: Type.Optional(
    Type.Record(Type.String(), Type.Array(Type.String()), { description: "IANA zones of a country, by ISO 3166 code" }),
  ),
});

/**
 * A catalogue as it is sent: in JSON alone, in the structure of `catalogue.yaml`. What its names and values may be is
 * the domain's to say, which reads the file as well; the schema is for those who look it up.
 */
export const catalogueWish: Shape<unknown> = {
  name: "Catalogue",
  schema,
  read: readJson,
  print: (value) => JSON.stringify(value),
  place: placeInJson,
};

/** The catalogue that counts, every member written out, with the position of the change that recorded it. */
export interface CatalogueView {
  readonly catalogue: Catalogue;
  readonly change: number;
}

export const catalogueAnswer: Shape<CatalogueView> = {
  name: "CatalogueInForce",
  schema: object({ catalogue: schema, change: count("The position of the change that recorded it", 0) }),
  read(body) {
    const reading = readJson(body);
    if ("faults" in reading) return reading;
    const { catalogue, change } = Object(reading.value) as Partial<CatalogueView>;
    if (typeof change !== "number") {
      return { faults: [{ problem: "member-missing", path: ["change"], message: "must be there, a number" }] };
    }
    const checked = checkCatalogue(catalogue);
    return "faults" in checked ? checked : { value: { catalogue: checked.catalogue, change } };
  },
  print: (value) => JSON.stringify(value),
  place: placeInJson,
};
