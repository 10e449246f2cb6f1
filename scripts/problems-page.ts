import { type ProblemName, problems } from "../src/domain/problem.ts";
import { standings, statusOf } from "../src/http/problem-status.ts";
import { table } from "./markdown.ts";

/** docs/problems.md: every refusal, in the order of its table. */
export function problemsPage(): string {
  const rows = (Object.keys(problems) as ProblemName[]).map((name) => {
    const { title, help } = problems[name];
    const elsewhere = statusOf(name, "organisations");
    const status = statusOf(name, "own");
    const shown = elsewhere === status ? String(status) : `${status}, organisations ${elsewhere}`;
    return [`\`${name}\``, shown, String(standings[name].ref), `${title}. ${help}`];
  });
  return `# Problems

Every refusal there is. A refusal changes nothing, and names everything that is wrong, each fault at its place: a JSON
Pointer, or for XML an XPath counted from 1, or the name of a header or parameter.

* The **customers'** contract (\`/v1/customers\`, \`/v1/preferences\`, \`/api/v1\`) answers
  \`{"error":{"code","message","errors":[{"message"}]}}\`: the status as text, what it means, and a message for each fault.
* The **organisations'** contract (\`/api/2\`) answers \`{"error":{"summary","ref","link"}}\`: all faults joined by \`; \`, the
  number of the first one's kind, and a page about it. 108, 130 and 176 are the contract's own, 9001 and up are ours.
* **Everything else** answers \`application/problem+json\` (RFC 9457), \`type\` ending in the problem's name; the token
  endpoint answers as RFC 6749 §5.2 has it.

${table(["problem", "status", "ref", "what it means, and what to do"], rows)}
`;
}
