import type { Answer } from "../http/route.ts";

/** Text made safe inside elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const style = `
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ccc }
  code { font: .95em ui-monospace, monospace; overflow-wrap: anywhere }
  :target { background: #fff3c4 }
  @media (prefers-color-scheme: dark) { body { color: #eee; background: #16181a } a { color: #9cc4ff } :target { background: #4a3f12 } }
`;

/** A whole page: no script, nothing from elsewhere, readable at any width. */
function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Saywhen</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
</body>
</html>
`;
}

/** What every page is sent with: it may load nothing, be framed by nobody, and tells nobody where it was. */
const pageHeaders = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "public, max-age=300",
} as const;

/** The answer that a page is. */
export function html(title: string, main: string): Answer {
  return { status: 200, body: page(title, main), type: "text/html; charset=utf-8", headers: pageHeaders };
}
