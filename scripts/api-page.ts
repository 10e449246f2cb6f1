import { compose } from "../src/compose.ts";
import { readSettings } from "../src/config/settings.ts";
import { type Route, scopesOf } from "../src/http/route.ts";
import { table } from "./markdown.ts";

/** docs/api.md: every route that the composed service serves. */
export async function apiPage(): Promise<string> {
  const answer = readSettings({
    SAYWHEN_ADMIN_TOKEN: "no-one-listens-so-this-is-no-secret",
    SAYWHEN_LOG_LEVEL: "silent",
  });
  if ("faults" in answer) throw new Error(answer.faults.join("\n"));
  const service = await compose({ ...answer.settings, database: ":memory:", key: ":memory:" });
  await service.close();
  const of = (family: Route["family"]) => routesTable(service.routes.filter((route) => route.family === family));
  return `# Routes

\`GET /openapi.json\` has the same for programs, with the shape of every body. Every GET answers HEAD as well, every path
answers OPTIONS with \`Allow\`, and none of the three changes anything.

## Customers

Wants \`Authorization\`, \`ClientId\` and \`Request-Tracking-Id\` on every request: [customers.md](customers.md).

${of("customers")}

## Organisations and users

With \`SAYWHEN_CONTEXT\` they answer below that path as well: [organisations.md](organisations.md).

${of("organisations")}

## Our own

${of("own")}
`;
}

function routesTable(routes: readonly Route[]): string {
  return table(
    ["route", "does", "formats", "scope"],
    routes.map(({ method, path, aliases = [], summary, formats = [], scope }) => [
      [path, ...aliases].map((each) => `\`${method} ${each}\``).join(", "),
      summary,
      formats.join(", ") || "its own",
      scopesOf(scope)
        .map((each) => `\`${each}\``)
        .join(" or ") || "none",
    ]),
  );
}
