import Type from "typebox";
import { contentLists } from "../domain/catalogue-names.ts";
import type { CatalogueEffect } from "../service/preview-catalogue.ts";
import { jsonShape } from "./json-shape.ts";
import { count, flag, object, oneOf, printed } from "./members.ts";
import type { Shape } from "./shape.ts";

const counted = (description: string) =>
  Type.Object(
    {
      count: count("How many there are", 12),
      samples: Type.Array(printed("A subject", "customer:123456789"), { description: "The first three of them" }),
    },
    { additionalProperties: false, description },
  );

/** What another catalogue would do: what a PUT answers that changes nothing. */
export const catalogueEffect: Shape<{ readonly dryRun: boolean } & CatalogueEffect> = jsonShape(
  "CatalogueEffect",
  object({
    dryRun: flag("Always true: nothing was recorded"),
    inForce: count("The version in force", 1),
    version: count("The version that was sent", 2),
    at: printed("The instant at which the two were compared, in UTC", "2026-03-03T14:05:00.000Z"),
    cells: Type.Array(
      object({
        category: printed("What messages are about", "Service Exception"),
        channel: printed("Over which channel", "Text"),
        begin: counted("Customers who would begin to receive"),
        cease: counted("Customers who would cease to receive"),
        later: counted("Customers who receive, and would have to wait now for the end of quiet hours"),
        sooner: counted("Customers who have to wait now for the end of quiet hours, and would not"),
      }),
      { description: "Each category on each channel in which anybody is concerned" },
    ),
    names: Type.Array(
      object({
        list: oneOf(contentLists, "Which names it is one of"),
        node: Type.Optional(printed("Of a label: its metadata node", "Countries")),
        name: printed("The name", "Events"),
        retired: flag("Whether it is retired now; false: it is offered again"),
        documents: counted("Organisations and users whose own preferences mention it"),
      }),
      { description: "Each name of content that is retired or offered again" },
    ),
  }),
);
