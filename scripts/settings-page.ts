import { type Setting, settingsTable } from "../src/config/settings.ts";
import { table } from "./markdown.ts";

/** docs/config.md: every setting, in the order of its table. */
export function settingsPage(): string {
  const rows = Object.values<Setting<unknown>>(settingsTable);
  return `# Settings

Settings are environment variables. One that is set to nothing counts as not set. Wrong values, and variables that
begin with \`SAYWHEN_\` and are none of these, are named at start, all at once, and nothing is served.

${table(
  ["variable", "means", "may be", "default"],
  rows.map(({ variable, meaning, values, standard }) => [
    `\`${variable}\``,
    meaning,
    values,
    /^none$| /.test(standard) ? standard : `\`${standard}\``,
  ]),
)}
`;
}
