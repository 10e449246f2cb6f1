import Type from "typebox";
import type { ExplainedSelection } from "../domain/decide-contact.ts";
import type { AskedDecision, Decision } from "../service/decide.ts";
import type { BriefAnswer } from "../service/decide-batch.ts";
import { jsonShape } from "./json-shape.ts";
import { count, flag, listsByName, object, oneOf, printed, text } from "./members.ts";
import { plainShape, type Shape } from "./shape.ts";

/** What comes of a question. */
export const verdict = oneOf(["send", "defer", "withhold"], "Send it now, ask again later, or do not send it");
/** Which rule said so. */
export const reason = printed("The name of the rule that spoke; docs/decisions.md lists them", "opted-in");
const notBefore = Type.Optional(
  printed(
    "With `defer`: when quiet hours end, in UTC; absent when that is more than a week away",
    "2026-03-03T14:00:00.000Z",
  ),
);

/** A question as it is sent, with whether the answer is to say how it came about. */
export type SentQuestion = AskedDecision & { readonly explain?: boolean };

/** What every question has: of one subject, of many, or of nobody in particular. */
export const questionMembers = {
  category: Type.Optional(text("What the message is about: of a customer", "Service Exception")),
  channel: Type.Optional(text("Over which channel", "Text")),
  timeZone: Type.Optional(text("The IANA time zone in which the customer is, for quiet hours", "Europe/Dublin")),
  module: Type.Optional(text("The module of an item: of an organisation or a user", "Publications")),
  metadata: Type.Optional(listsByName(text("A label", "Algeria"), "The labels of the item, by metadata node")),
  alertService: Type.Optional(text("An alert service: of an organisation or a user", "Email alert ABC")),
};

/** A question: contact with category and channel, or content with module and metadata, or with an alert service. */
export const question: Shape<SentQuestion> = plainShape({
  name: "Question",
  schema: object({
    subject: text("Of whom it is asked", "customer:123456789"),
    ...questionMembers,
    at: Type.Optional(text("For which instant it is asked, RFC 3339; now, if left out", "2026-03-03T14:05:00Z")),
    explain: Type.Optional(flag("Whether the answer says what came of each selection")),
  }),
});

/** An address to send to. */
export const address = object({
  value: printed("The address, as it was given", "1233454567"),
  type: printed("Which of the customer's addresses it is", "BPHONE"),
});
const selection = object({
  category: printed("What it was chosen for", "Service Exception"),
  type: printed("Which of the customer's addresses it is", "BPHONE"),
  verdict,
  reason,
  notBefore,
});

/** The answer to a question. */
export const decisionAnswer = jsonShape(
  "Decision",
  object({
    subject: printed("Of whom it was asked", "customer:123456789"),
    verdict,
    reason,
    addresses: Type.Optional(Type.Array(address, { description: "Where to send it; absent when it is withheld" })),
    notBefore,
    frequency: Type.Optional(printed("With `matched`: how often such items are sent", "Daily")),
    from: Type.Optional(printed("Whose preferences these are, when they are not the user's own", "organisation:3")),
    change: Type.Optional(count("The position of the preferences it rests on; absent when there are none", 42)),
    selections: Type.Optional(Type.Array(selection, { description: "With `explain`: what came of each selection" })),
  }),
);

/** @param isExplained whether the selections are told */
export function printDecision(decision: BriefAnswer | Decision, isExplained: boolean): string {
  if (!("selections" in decision)) return decisionAnswer.print(decision, "json");
  const { addresses, notBefore: until, selections, ...rest } = decision;
  return decisionAnswer.print(
    {
      ...rest,
      ...(addresses.length > 0 && { addresses }),
      ...printedEnd(until),
      ...(isExplained && { selections: selections.map(explained) }),
    },
    "json",
  );
}

function explained({ notBefore: until, ...one }: ExplainedSelection) {
  return { ...one, ...printedEnd(until) };
}

function printedEnd(ms: number | undefined): { readonly notBefore?: string } {
  return ms === undefined ? {} : { notBefore: new Date(ms).toISOString() };
}
