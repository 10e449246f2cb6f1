import {
  type AskedAudience,
  type Audience,
  audienceDecisions,
  audienceLines,
  countAudience,
  type Finding,
  findAudience,
} from "../service/find-audience.ts";
import { audienceLine, audienceQuestion, audienceSize, audienceTexts, printAddressed } from "../wire/audiences.ts";
import { readBody, refuseRejected } from "./body.ts";
import { Query } from "./query.ts";
import type { Answer, Call, Route, StreamedAnswer } from "./route.ts";

/** To whom may this be sent? */
export function audienceRoutes(finding: Finding): Route[] {
  return [
    {
      method: "POST",
      path: "/v1/audiences",
      family: "own",
      scope: "audience",
      summary: "To whom may this be sent? Their number, or who they are, one a line",
      shapes: { body: audienceQuestion.name, answer: audienceSize.name, answerLine: audienceLine.name },
      formats: ["json", "ndjson"],
      bodies: ["json"],
      handle: (call) => answer(finding, call),
    },
  ];
}

async function answer(finding: Finding, call: Call): Promise<Answer | StreamedAnswer> {
  new Query(call).takeOnly().refuseFaults();
  const isCounted = !call.inLines;
  const faultsOf = async (salvaged: AskedAudience) => {
    const outcome = await findAudience(finding, salvaged, isCounted);
    return "rejected" in outcome ? outcome.rejected.faults : [];
  };
  const asked = await readBody(audienceQuestion, call, faultsOf);
  const outcome = await findAudience(finding, asked, isCounted);
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, audienceQuestion, call);
  const audience = outcome.value;
  const headers = { "saywhen-change": String(audience.change), "cache-control": "no-store" };
  const head = { status: 200, type: call.type, headers };
  if (isCounted) return { ...head, body: audienceSize.print(await countAudience(finding, audience), "json") };
  const lines = asked.addresses ? addressedLines(finding, audience) : audienceLines(finding, audience, audienceTexts);
  return { ...head, lines, lastLine: (problem) => `{"error":${problem}}\n` };
}

async function* addressedLines(finding: Finding, audience: Audience): AsyncGenerator<Buffer, void> {
  for await (const decisions of audienceDecisions(finding, audience)) yield printAddressed(decisions);
}
