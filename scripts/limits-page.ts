import { readFileSync } from "node:fs";
import { limits } from "../src/domain/limits.ts";
import { table } from "./markdown.ts";

/** docs/limits.md: every limit with the comment that stands over it in its table. */
export function limitsPage(): string {
  const source = readFileSync(new URL("../src/domain/limits.ts", import.meta.url), "utf8");
  const rows = Object.entries(limits).map(([name, value]) => [
    `\`${name}\``,
    value.toLocaleString("en-GB"),
    commentOver(source, name),
  ]);
  return `# Limits

Every limit there is. What a sender exceeds is refused, and the refusal says so; the others bound what the service itself
does.

${table(["limit", "value", "of what"], rows)}
`;
}

/** A comment speaks for every limit down to the next comment. */
function commentOver(source: string, name: string): string {
  const before = source.slice(0, source.search(new RegExp(`^  ${name}:`, "m")));
  const comment = before.slice(before.lastIndexOf("/**") + 3, before.lastIndexOf("*/"));
  return comment.replace(/\s*\*?\s+/g, " ").trim();
}
