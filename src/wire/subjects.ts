import Type, { type TSchema } from "typebox";
import { jsonShape } from "./json-shape.ts";
import { count, object, oneOf, printed, text } from "./members.ts";
import { plainShape } from "./shape.ts";

// Our own API about one subject: in JSON alone, in the words of the domain (design: Saywhen's own API).

const subject = (example: string) => printed("Whose it is", example);
const change = Type.Optional(count("The position of the change that it rests on; absent when there is none", 42));
const listOf = <Item extends TSchema>(items: Item, description: string) => Type.Array(items, { description });
const absent = "what stood there: of a customer's slot its state, of anything else null for nothing";

const difference = object({
  path: printed("What differs, a JSON Pointer in the words of Saywhen", "/Service Exception/Text/BPHONE"),
  from: Type.Unknown({ description: `Before, ${absent}`, examples: [{ state: "never-asked" }] }),
  to: Type.Unknown({ description: `Now, ${absent}`, examples: [{ state: "opted-in", value: "1233454567" }] }),
});
const pastChange = object({
  position: count("Its position in the log, counted from 0", 42),
  at: printed("When, in UTC", "2026-03-03T14:05:00.000Z"),
  kind: printed("What it was about: `preferences` or `directory`, the entry in the directory", "preferences"),
  actor: printed("Who did it, as its client says", "johnm"),
  client: printed("The ClientId of the program that sent it", "crm"),
  trackingId: Type.Optional(printed("The Request-Tracking-Id that came with it", "12")),
  differences: listOf(difference, "What it changed; empty when it said what was there already"),
});

/** A part of a subject's history. */
export const subjectHistory = jsonShape(
  "SubjectHistory",
  object({
    changes: listOf(pastChange, "The newest first, over preferences and directory entry"),
    next: Type.Optional(printed("Ask again with this as `cursor` for what came before; absent at the end", "NDIsMTc")),
  }),
);

const choice = object({
  category: printed("What messages are about", "Service Exception"),
  channel: printed("Over which channel", "Text"),
  type: printed("Which of the customer's addresses", "BPHONE"),
  state: oneOf(["opted-in", "opted-out", "never-asked"], "Yes, no, or never asked"),
  value: Type.Optional(printed("The address, as it was given; absent when never asked", "1233454567")),
  change: Type.Optional(
    count("The position of the change that gave it this state and address; absent when never asked", 42),
  ),
});

/** What a customer has chosen, with where each choice came from. */
export const customerChoices = jsonShape(
  "CustomerChoices",
  object({
    subject: subject("customer:123456789"),
    from: oneOf(["own", "none"], "`none` when nothing was ever recorded"),
    change,
    choices: listOf(choice, "Every slot of the catalogue, in its order"),
  }),
);

const node = object({
  node: printed("A taxonomy of the catalogue", "Countries"),
  labels: listOf(printed("One of its labels", "Algeria"), "The labels chosen of it"),
});
const nodes = listOf(node, "What content must be about");
const frequency = printed("How often", "Daily");
const module = object({
  name: printed("A kind of content", "Publications"),
  preference: oneOf(["Include", "Off", "Custom"], "What was chosen; `Custom` has a frequency and nodes of its own"),
  frequency: Type.Optional(frequency),
  nodes: Type.Optional(nodes),
});
const alertService = object({
  name: printed("A named alert", "Email alert ABC"),
  preference: oneOf(["On", "Off"], "What was chosen"),
});
const emailPreferences = object({
  frequency,
  nodes,
  modules: listOf(module, "The kinds of content that were spoken of"),
  alertServices: listOf(alertService, "The alerts that were spoken of"),
});

/** What counts for an organisation or a user, and whose it is. */
export const preferencesInForce = jsonShape(
  "PreferencesInForce",
  object({
    subject: subject("user:5"),
    from: printed("`own`; the organisation of a user who has none of its own; `none` when nothing was chosen", "own"),
    change,
    preferences: Type.Optional(emailPreferences),
  }),
);

/** Whom an address is looked up for. */
export const addressSearch = plainShape({
  name: "SubjectSearch",
  schema: object({ address: text("The address, in any spelling", "1233454567") }),
});

const found = object({
  subject: subject("customer:123456789"),
  change: count("The position of the change that says so", 42),
});

/** Who has an address. */
export const foundSubjects = jsonShape(
  "FoundSubjects",
  object({
    subjects: listOf(found, "In the order in which they first came"),
    next: Type.Optional(printed("Ask again with this as `cursor` for more; absent at the end", "42")),
  }),
);
