import { problems, type ProblemName } from "../domain/problem.ts";
import { standings, statusOf } from "../http/problem-status.ts";
import { type Answer, Refusal, type Route } from "../http/route.ts";
import { escapeHtml, html } from "./html.ts";

/** The pages that the errors' links lead to: one for each kind, and one that lists them all. */
export function problemPages(): Route[] {
  const shared = { method: "GET", family: "own", shapes: {} } as const;
  return [
    {
      ...shared,
      path: "/docs/problems",
      summary: "Every kind of problem, for people",
      handle: () => html("Problems", listOfProblems()),
    },
    {
      ...shared,
      family: "organisations",
      path: "/api/2/error/{ref}",
      summary: "One kind of error of the organisations' contract, for people",
      handle: ({ params }) => errorPage(params["ref"] ?? ""),
    },
  ];
}

function errorPage(ref: string): Answer {
  const name = names.find((candidate) => String(standings[candidate].ref) === ref);
  if (name === undefined) throw new Refusal("not-found");
  const { title, help } = problems[name];
  return html(
    title,
    `<p>${escapeHtml(help)}</p>\n<p>Reference ${ref}, HTTP status ${statusOf(name, "organisations")}.</p>`,
  );
}

const names = Object.keys(problems) as ProblemName[];

function listOfProblems(): string {
  const rows = names.map((name) => {
    const { title, help } = problems[name];
    const { status, ref } = standings[name];
    const cells = [`<code>${name}</code>`, status, ref, escapeHtml(`${title}. ${help}`)];
    return `<tr id="${name}">${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const head = "<tr><th>Problem</th><th>Status</th><th>Ref</th><th>What it means, and what to do</th></tr>";
  return `<table>\n<thead>${head}</thead>\n<tbody>\n${rows.join("\n")}\n</tbody>\n</table>`;
}
