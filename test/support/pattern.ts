/** Values that a transcript has captured so far, by name. */
export type Values = Map<string, string>;

/** How white space counts: as it stands, or only where JSON or XML gives it a meaning. */
export type PatternFormat = "json" | "text" | "xml";

/** Puts captured values in place of `{{name}}`. */
export function fillIn(text: string, values: Values): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`nothing was captured as {{${name}}}`);
    return value;
  });
}

/**
 * Compares a text with a pattern, in which `…` stands for anything, `{{/regex/}}` for what it matches, `{{name}}` for
 * the value of that name, which is captured where it stands first, and `{{name=/regex/}}` for both.
 *
 * @returns whether it matches; then `values` has what was captured
 */
export function matches(text: string, pattern: string, format: PatternFormat, values: Values): boolean {
  const found = compile(pattern, format, values).exec(text);
  if (found === null) return false;
  for (const [name, value] of Object.entries(found.groups ?? {})) values.set(name, value);
  return true;
}

const placeholder = /(…|\{\{\w+\}\}|\{\{(?:\w+=)?\/.*?\/\}\})/;

function compile(pattern: string, format: PatternFormat, values: Values): RegExp {
  const squeeze = squeezers[format]();
  const fresh = new Set<string>();
  const parts = pattern.split(placeholder).map((part, index) => {
    if (index % 2 === 0) return escapeRegExp(squeeze(part));
    if (part === "…") return "[^]*?";
    const [, name, source] = /^\{\{(\w+)?=?(?:\/(.*)\/)?\}\}$/.exec(part) ?? [];
    if (name === undefined) return `(?:${source})`;
    const value = values.get(name);
    if (value !== undefined) return escapeRegExp(value);
    if (fresh.has(name)) return `\\k<${name}>`;
    fresh.add(name);
    return `(?<${name}>${source ?? ".+?"})`;
  });
  return new RegExp(`^${parts.join("")}$`, "u");
}

/** Each takes the literal parts of one pattern, in their order, and drops the white space that means nothing. */
const squeezers: Readonly<Record<PatternFormat, () => (part: string) => string>> = {
  text: () => (part) => part,
  xml: () => (part) => part.replaceAll(/\s*\n\s*/g, ""),
  json: () => {
    let isInString = false;
    return (part) =>
      part.replaceAll(/\\.|"|\s+/g, (token) => {
        if (token === '"') isInString = !isInString;
        return isInString || token.trim() !== "" ? token : "";
      });
  },
};

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
