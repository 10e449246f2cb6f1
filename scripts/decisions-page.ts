import { contactRules, selectionRules } from "../src/domain/decide-contact.ts";
import { alertRules, moduleRules } from "../src/domain/decide-content.ts";
import type { Rule } from "../src/domain/rule.ts";
import { type CaseQuestion, caseFiles } from "../test/support/cases.ts";
import { table } from "./markdown.ts";

/** How a question is asked: the transcript in it is played. */
const asking = `## Asking

\`POST /v1/decisions\` with the scope \`decide\` answers one question; \`saywhen decide\` asks the database itself, also beside a
running service.

\`\`\`transcript
always Authorization: Bearer {{admin}}
always ClientId: admin
always Request-Tracking-Id: 12
always Content-Type: application/json

> PUT /v1/customers/123456789/communication-preferences
>
> {"preferences": [{"category": "Service Exception", "channels": [{"name": "Text",
>   "selections": [{"value": "1233454567", "type": "BPHONE", "is_opt_in": "Y"}]}]}]}
< 200
< Saywhen-Change: {{change=/\\d+/}}

> POST /v1/decisions
>
> {"subject": "customer:123456789", "category": "Service Exception", "channel": "Text"}
< 200
<
< {"subject": "customer:123456789", "verdict": "send", "reason": "opted-in",
<  "addresses": [{"value": "1233454567", "type": "BPHONE"}], "change": {{change}}}

# The customer answers STOP.
> POST /v1/suppressions
>
> {"address": "1233454567", "channel": "Text", "reason": "stop-keyword"}
< 201

> POST /v1/decisions
>
> {"subject": "customer:123456789", "category": "Service Exception", "channel": "Text", "explain": true}
< 200
<
< {"subject": "customer:123456789", "verdict": "withhold", "reason": "suppressed", "change": {{change}},
<  "selections": [{"category": "Service Exception", "type": "BPHONE", "verdict": "withhold", "reason": "suppressed"}]}

> POST /v1/decisions
>
> {"subject": "organisation:3", "module": "Publications", "metadata": {"Countries": ["Algeria"]}}
< 200
<
< {"subject": "organisation:3", "verdict": "withhold", "reason": "never-asked"}
\`\`\`

* \`addresses\` are where to send it; absent when it is withheld. \`frequency\` comes with \`matched\`, \`from\` with preferences that are
  the organisation's and not the user's own.
* \`change\` is the position of the preferences that the answer rests on, whose receipt is at \`/v1/changes/{position}/receipt\`;
  absent when there are none.
* \`notBefore\` comes with \`defer\`: when quiet hours end, at most a week ahead.
* \`"explain": true\` adds what came of each selection. It tells no address.
* \`"at"\`, with its offset, asks for another instant. In the past it is answered from what was known then: preferences,
  suppressions, directory and catalogue. What was erased since is not known any more. In the future it is answered from
  what is known now, under that clock. Leave it out for what you are about to send: then whatever any node has
  acknowledged, a stop above all, is in the answer.

## Asking for many

A body of type \`application/x-ndjson\` is a batch: a line each, one or ten million. Its first line holds the question, and each
further line a subject; or every line is a whole question. Each answer is a line, in the order in which was asked.

\`\`\`transcript
always Content-Type: application/x-ndjson

> POST /v1/decisions
>
> {"question": {"category": "Service Exception", "channel": "Text"}}
> "customer:123456789"
> "customer:2"
> "organisation:3"
< 200
< Content-Type: application/x-ndjson
<
< {"subject":"customer:123456789","verdict":"withhold","reason":"suppressed"}
< {"subject":"customer:2","verdict":"withhold","reason":"never-asked"}
< {"line":4,"error":{"type":"http://example.com/docs/problems#invalid",…}}
<

> POST /v1/decisions
>
> {"subject": "customer:2", "category": "Service Exception", "channel": "Text"}
> {"subject": "organisation:3", "alertService": "Email alert ABC"}
< 200
<
< {"subject":"customer:2","verdict":"withhold","reason":"never-asked"}
< {"subject":"organisation:3","verdict":"withhold","reason":"never-asked"}
<
\`\`\`

* Verdict and reason, and \`frequency\` with \`matched\`, come from memory: that is fast. \`"addresses": true\` in the question adds where
  to send it, \`"explain": true\` gives the whole answer of a single question; for those, and for an \`at\` in the past, each line is
  read from the database. That is slower, so ask it of those who are sent to. A single question always has its addresses.
* One subject a line, written as \`"customer:1"\` and nothing else, is the fast way; any other JSON that says the same is taken.
* A line that is wrong is answered with its number, counted from 1 with blank ones, and its problem; the rest go on. A first
  line that cannot be read, or a wrong \`question\` in it, refuses the whole. Blank lines have no answer, and a batch of none
  has an empty answer.
* \`at\` left out is when the batch began. What is recorded meanwhile, a stop above all, counts for every line that comes after.
  \`Saywhen-Change\` is the position of the last change that was known at the beginning, where one question is answered from
  memory.
* Read the answer while you send: who does not read is not read from. A line must come within 20 seconds, and so must the
  answers be taken; for how long all of it goes on does not matter.
* Whatever fails in the midst ends the answer with \`{"line":…,"error":…}\`, the first line without an answer, **and cuts the
  connection**: the chunked body has no end. An answer is whole only if your HTTP client says so, and has as many lines as you sent.
  A node that is stopped lets a batch go on for some seconds, and then cuts it off without that line.

With \`curl\`, \`-N\` shows answers as they come and \`--data-binary\` keeps the line ends, which \`-d\` does not:

\`\`\`sh
curl -sSN http://127.0.0.1:8080/v1/decisions -H "Authorization: Bearer $SAYWHEN_TOKEN" \\
  -H "Content-Type: application/x-ndjson" --data-binary @questions.ndjson
npm run -s saywhen -- decide customer:123456789 --category "Service Exception" --channel Text
\`\`\`
`;

/** docs/decisions.md: the rules in the order in which they are asked, each with the first case of test/cases/ that it decides. */
export function decisionsPage(): string {
  return `# Decisions

"May this be sent to this subject, here, now?" is a question; its answer is a decision: a verdict, and the reason, which is
the name of the rule that spoke. The rules stand in lists and are asked in order; the first that speaks decides. This page
is printed from those lists, and every example on it is a case that the tests ask (\`test/cases/\`).

| verdict | means |
|---|---|
| \`send\` | send it now |
| \`defer\` | not now; ask again at \`notBefore\` |
| \`withhold\` | do not send it |

An answer is about one instant. Ask right before you send, and ask again for the next message: a yes is not a licence.

${asking}
## Contact: may a customer be told?

The question names a category, a channel, and if wanted the customer's time zone. First, once:

${rulesTable(contactRules, "category")}

Then of each selection of that category and channel; if the category is essential, of each selection on the channel:

${rulesTable(selectionRules, "category")}

The verdict is the best of the selections': \`send\`, then \`defer\`, then \`withhold\`. The reason is the first in the order of
the list that gave it. The addresses are those with that verdict, each once however often it was chosen; there are none when
the verdict is \`withhold\`, and a suppressed one is in no answer.

**A no wins.** Two selections with the same address, one yes and one no, come to a no. Addresses are compared in their normal
form: E.164 for a phone, lower case for an e-mail address.

**Expiry.** A yes counts from the time when it was last changed (\`modified_date_time\`) for as long as the category's
\`expiresAfter\` says, by the calendar in UTC; from that very instant on it does not count. Where the month is too short for
the day, its last day counts: a year from 29 February ends on 28 February.

**Quiet hours** are local time: \`21:00-08:00\` is quiet from 21:00:00 on and not any more at 08:00:00. They are those of the
question's \`timeZone\`; without one, of all the zones that the catalogue's \`timeZones\` list for the number's country; else of
the channel's \`timeZone\`, or UTC where it has none. Where a number's digits do not tell its country (\`+1\` is shared by 25), the
zones of all that it may belong to count. A message goes out when all of the zones allow it. \`notBefore\` is the first such
instant of any of the addresses; where zones are so far apart that there is none within a week, it is not there. Clocks that
are put forward or back are reckoned with.

## Content: does an item go to an organisation or a user?

The preferences in force are a user's own; while it has none, its organisation's, as a whole, and \`from\` names it. The answer
is never \`defer\`: how often items go out is the \`frequency\` that comes with \`send\`. An item of a module, with its labels:

${rulesTable(moduleRules, "module")}

An alert:

${rulesTable(alertRules, "alertService")}

## Names that were retired

They are known, so that a question about them is answered; nothing is sent under them. A retired category or channel is
\`category-closed\`, a retired type \`type-closed\`, a retired module \`module-off\`, a retired alert service \`alert-off\`, a retired
frequency \`never\`. A retired node or label matches nothing; a choice that names one is not widened by that.

A name that the catalogue does not have at all is refused, with the names that it has. Subjects of which nothing is known
are answered: they were never asked.
`;
}

function rulesTable<Facts>(rules: readonly Rule<Facts>[], member: keyof CaseQuestion): string {
  const rows = rules.map(({ reason, verdict, says }) => [
    `\`${reason}\``,
    `\`${verdict}\``,
    says,
    exampleOf(reason, member),
  ]);
  return table(["reason", "verdict", "when", "for example"], rows);
}

/** The title of the first case of this kind of question that the rule decides. */
function exampleOf(reason: string, member: keyof CaseQuestion): string {
  const cases = caseFiles.flatMap((file) => file.cases);
  const decided = cases.find(({ question, answer }) => question[member] !== undefined && answer.reason === reason);
  if (decided === undefined) throw new Error(`test/cases/ has no case that ${reason} decides`);
  return decided.title;
}
