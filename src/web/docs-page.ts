import { type Route, scopesOf } from "../http/route.ts";
import { escapeHtml, html } from "./html.ts";

/** GET /docs: every route, for people, from the table that is served. */
export function docsPage(routes: readonly Route[]): Route {
  return {
    method: "GET",
    path: "/docs",
    family: "own",
    summary: "Every route, for people",
    shapes: {},
    handle: () => html("Routes", listOf(routes)),
  };
}

function listOf(routes: readonly Route[]): string {
  const rows = routes.map(({ method, path, aliases = [], summary, formats = [], scope }) => {
    const addresses = [path, ...aliases].map((address) => `<code>${method} ${escapeHtml(address)}</code>`).join("<br>");
    const cells = [
      addresses,
      escapeHtml(summary),
      formats.join(", "),
      scopesOf(scope)
        .map((each) => `<code>${each}</code>`)
        .join(" or "),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  return `<p>The same for programs: <a href="openapi.json">openapi.json</a>.
What is refused, and why: <a href="docs/problems">problems</a>.</p>
<table>
<thead><tr><th>Route</th><th>Does</th><th>Formats</th><th>Scope</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>`;
}
