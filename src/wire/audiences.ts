import Type from "typebox";
import type { BriefDecision, LineTexts } from "../service/decision-index.ts";
import type { AskedAudience } from "../service/find-audience.ts";
import type { Decision } from "../service/decide.ts";
import { address, questionMembers } from "./decisions.ts";
import { jsonShape } from "./json-shape.ts";
import { count, flag, object, oneOf, printed, text } from "./members.ts";
import { plainShape, type Shape } from "./shape.ts";

/** A question of nobody in particular: its audience is wanted. */
export const audienceQuestion: Shape<AskedAudience> = plainShape({
  name: "AudienceQuestion",
  schema: object({
    ...questionMembers,
    at: Type.Optional(text("For which instant, RFC 3339, not in the past; now, if left out", "2026-03-03T14:05:00Z")),
    after: Type.Optional(text("Go on behind this subject", "customer:123456789")),
    kind: Type.Optional(oneOf(["customer", "organisation", "user"], "Only subjects of this kind")),
    addresses: Type.Optional(flag("Whether each customer comes with its addresses; as application/x-ndjson only")),
  }),
});

const perFrequency = Type.Record(Type.String(), count("How many have chosen it", 2), {
  description: "For an item of a module: how many there are by frequency, in the order of the catalogue",
});

/** How large an audience is. */
export const audienceSize = jsonShape(
  "AudienceSize",
  object({ count: count("How many subjects", 3), frequencies: Type.Optional(perFrequency) }),
);

const line = object({
  subject: printed("One for whom the verdict is `send`", "customer:123456789"),
  frequency: Type.Optional(printed("For an item of a module: how often such items are sent", "Daily")),
  addresses: Type.Optional(Type.Array(address, { description: "With `addresses`: where to send it" })),
});

/** One line of an audience. */
export const audienceLine = jsonShape("AudienceLine", line);

const before = Buffer.from('{"subject":"');

/** What stands around a subject's name in its line: the same as `audienceLine` prints, made ready for millions of them. */
export function audienceTexts(answers: readonly BriefDecision[]): LineTexts {
  return { before, after: answers.map(({ frequency }) => Buffer.from(`"${frequencyMember(frequency)}}\n`)) };
}

function frequencyMember(frequency: string | undefined): string {
  return frequency === undefined ? "" : `,"frequency":${JSON.stringify(frequency)}`;
}

/** The lines of subjects that come with their addresses. */
export function printAddressed(decisions: readonly Decision[]): Buffer {
  return Buffer.from(decisions.map((decision) => `${audienceLine.print(decision, "json")}\n`).join(""));
}
