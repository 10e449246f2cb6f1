import { apiPage } from "./api-page.ts";
import { decisionsPage } from "./decisions-page.ts";
import { limitsPage } from "./limits-page.ts";
import { problemsPage } from "./problems-page.ts";
import { settingsPage } from "./settings-page.ts";

/** A page of docs/ that is printed from a table in the code, so that the two cannot disagree. */
export interface Page {
  /** Where it stands, from the root of the repository. */
  readonly file: string;
  /** Its whole text, in Markdown. */
  readonly render: () => string | Promise<string>;
}

/** Every such page. `npm run docs` writes them, and a test compares them. */
export const pages: readonly Page[] = [
  { file: "docs/api.md", render: apiPage },
  { file: "docs/config.md", render: settingsPage },
  { file: "docs/decisions.md", render: decisionsPage },
  { file: "docs/limits.md", render: limitsPage },
  { file: "docs/problems.md", render: problemsPage },
];
