import type { TSchema } from "typebox";

/** What a schema says, in the form that reading, checking, printing and naming places work with. */
export type Layout = ObjectLayout | MapLayout | ListLayout | TextLayout | NumberLayout | FlagLayout | IgnoredLayout;

export interface ObjectLayout {
  readonly kind: "object";
  readonly members: ReadonlyMap<string, Member>;
  /** The same members by the names of their elements in XML. */
  readonly elements: ReadonlyMap<string, Member>;
  /** The names that a sender may use, for messages. */
  readonly known: string;
  /** Members that are lists without an element around them: in XML an empty one cannot be told from none. */
  readonly bareLists: readonly string[];
}

export interface Member {
  readonly name: string;
  readonly layout: Layout;
  readonly isRequired: boolean;
  /** Its element in XML; of a list without a wrapper, each item's. */
  readonly element: string;
}

/** Members of any name that hold alike: only in what is JSON alone, as XML has no place for such names. */
export interface MapLayout {
  readonly kind: "map";
  readonly item: Layout;
}

export interface ListLayout {
  readonly kind: "list";
  readonly item: Layout;
  /** Each item's element in XML. */
  readonly element: string;
  readonly isWrapped: boolean;
}

export interface TextLayout {
  readonly kind: "text";
  readonly least: number;
  readonly most: number;
  /** The texts that are taken; all, if none is named. */
  readonly choices: readonly string[];
  readonly pattern: RegExp | undefined;
  /** In XML the text is the `href` of an `atom:link`. */
  readonly isAtomLink: boolean;
}

export interface NumberLayout {
  readonly kind: "number";
  readonly least: number;
  readonly most: number;
  /** Whether a string of digits is taken as well. */
  readonly isTextToo: boolean;
}

/** True or false: only in what is JSON alone. */
export interface FlagLayout {
  readonly kind: "flag";
}

/** Taken whatever it holds, and dropped. */
export interface IgnoredLayout {
  readonly kind: "ignored";
}

/** The keywords of JSON Schema and OpenAPI that our shapes use. */
interface Keywords {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Keywords;
  readonly items?: Keywords;
  readonly anyOf?: readonly Keywords[];
  readonly enum?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly xml?: { readonly name?: string; readonly wrapped?: boolean };
  readonly "x-atom-link"?: boolean;
}

const understood: ReadonlySet<string> = new Set(
  (
    "type properties required additionalProperties items anyOf enum " +
    "minLength maxLength pattern minimum maximum xml x-atom-link description examples"
  ).split(" "),
);

/** Reads the layout off a schema. Throws when the schema says something that the wire does not understand: a mistake of ours. */
export function layoutOf(schema: TSchema): Layout {
  return layout(schema);
}

function layout(keywords: Keywords): Layout {
  const foreign = Object.keys(keywords).find((keyword) => !understood.has(keyword));
  if (foreign !== undefined) throw new Error(`the wire does not understand the keyword ${foreign}`);
  if (typeof keywords.additionalProperties === "object")
    return { kind: "map", item: layout(keywords.additionalProperties) };
  if (keywords.properties !== undefined) return objectLayout(keywords, keywords.properties);
  if (keywords.items !== undefined) return listLayout(keywords, keywords.items);
  if (keywords.anyOf !== undefined) return idLayout(keywords.anyOf);
  if (keywords.type === "integer") return numberLayout(keywords, false);
  if (keywords.type === "string") return textLayout(keywords);
  if (keywords.type === "boolean") return { kind: "flag" };
  if (keywords.type === undefined) return { kind: "ignored" };
  throw new Error(`the wire has no use for a schema of type ${keywords.type}`);
}

function objectLayout({ required = [] }: Keywords, properties: Readonly<Record<string, Keywords>>): ObjectLayout {
  const members = Object.entries(properties).map(([name, keywords]): Member => {
    const child = layout(keywords);
    const isBare = child.kind === "list" && !child.isWrapped;
    const element = isBare ? child.element : (keywords.xml?.name ?? name);
    return { name, layout: child, isRequired: required.includes(name), element };
  });
  return {
    kind: "object",
    members: new Map(members.map((member) => [member.name, member])),
    elements: new Map(members.map((member) => [member.element, member])),
    known: members.flatMap((member) => (member.layout.kind === "ignored" ? [] : [member.name])).join(", "),
    bareLists: members.flatMap(({ name, layout }) => (layout.kind === "list" && !layout.isWrapped ? [name] : [])),
  };
}

function listLayout({ xml }: Keywords, items: Keywords): ListLayout {
  const element = items.xml?.name;
  if (element === undefined) throw new Error("the items of a list need an XML name");
  return { kind: "list", item: layout(items), element, isWrapped: xml?.wrapped === true };
}

function idLayout([number, text]: readonly Keywords[]): NumberLayout {
  if (number?.type !== "integer" || text?.type !== "string") throw new Error("only ids may be of two types");
  return numberLayout(number, true);
}

function numberLayout({ minimum, maximum }: Keywords, isTextToo: boolean): NumberLayout {
  if (minimum === undefined || maximum === undefined) throw new Error("a number needs a minimum and a maximum");
  return { kind: "number", least: minimum, most: maximum, isTextToo };
}

function textLayout(keywords: Keywords): TextLayout {
  return {
    kind: "text",
    least: keywords.minLength ?? 0,
    most: keywords.maxLength ?? Number.POSITIVE_INFINITY,
    choices: keywords.enum ?? [],
    pattern: keywords.pattern === undefined ? undefined : new RegExp(keywords.pattern, "u"),
    isAtomLink: keywords["x-atom-link"] === true,
  };
}
