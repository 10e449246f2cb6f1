import { decide, type Deciding } from "../service/decide.ts";
import type { Batching } from "../service/decide-batch.ts";
import { batchAnswers, batchLines } from "../wire/decision-lines.ts";
import { decisionAnswer, printDecision, question, type SentQuestion } from "../wire/decisions.ts";
import { lineError } from "../wire/problems.ts";
import { readBody, refuseRejected } from "./body.ts";
import { answerBatch } from "./decision-batch.ts";
import type { Links } from "./links.ts";
import { Query } from "./query.ts";
import type { Answer, Call, Route } from "./route.ts";

/** May this be sent to this subject, here, now? */
export function decisionRoutes(deciding: Batching, links: Links): Route[] {
  return [
    {
      method: "POST",
      path: "/v1/decisions",
      family: "own",
      scope: "decide",
      summary: "May this be sent to this subject, here, now? And why",
      shapes: {
        body: question.name,
        answer: decisionAnswer.name,
        bodyLine: batchLines,
        answerLine: [...batchAnswers, lineError.name],
      },
      formats: ["json", "ndjson"],
      bodies: ["json", "ndjson"],
      handle: (call) => (call.inLines ? answerBatch(deciding, links, call) : answer(deciding, call)),
    },
  ];
}

async function answer(deciding: Deciding, call: Call): Promise<Answer> {
  new Query(call).takeOnly().refuseFaults();
  const asked = await readBody(question, call, (salvaged) => faultsOf(deciding, salvaged));
  const outcome = await decide(deciding, asked);
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, question, call);
  const body = printDecision(outcome.value, asked.explain ?? false);
  return { status: 200, body, type: call.type, headers: { "cache-control": "no-store" } };
}

async function faultsOf(deciding: Deciding, salvaged: SentQuestion) {
  const outcome = await decide(deciding, salvaged);
  return "rejected" in outcome ? outcome.rejected.faults : [];
}
