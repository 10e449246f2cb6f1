export type LoadName = "put" | "put-xml" | "get";

/** One kind of request, to be sent for every customer. */
export interface Load {
  readonly name: string;
  /** How many customers it is spread over, so that no cache sees one document only. */
  readonly customers: number;
  readonly method: "GET" | "POST" | "PUT";
  /** Where it is sent to; it may hold `@NUMBER@`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Holds the placeholders `@NUMBER@` (five digits that tell the customers apart) and `@CHOICE@` (`Y` or `N`). */
  readonly body: string | undefined;
}

const path = "/v1/customers/1234@NUMBER@/communication-preferences";

/**
 * The seed's customer body, grown to six selections over both categories and all three channels: about 600 bytes, as a
 * customer who has been asked everything once would have it.
 */
const wish = [
  {
    category: "Service Notification",
    channels: [
      {
        name: "Text",
        selections: [
          { value: "12334@NUMBER@", type: "BPHONE", is_opt_in: "@CHOICE@" },
          { value: "12335@NUMBER@", type: "SPHONE", is_opt_in: "Y" },
        ],
      },
      { name: "Email", selections: [{ value: "c@NUMBER@@example.com", type: "BEMAIL", is_opt_in: "Y" }] },
    ],
  },
  {
    category: "Service Exception",
    channels: [
      {
        name: "Email",
        selections: [
          { value: "c@NUMBER@@example.com", type: "BEMAIL", is_opt_in: "Y" },
          { value: "s@NUMBER@@example.com", type: "SEMAIL", is_opt_in: "N" },
        ],
      },
      { name: "Voice", selections: [{ value: "12334@NUMBER@", type: "BPHONE", is_opt_in: "@CHOICE@" }] },
    ],
  },
] as const;

const MODIFIED_BY = "johnm";

const jsonBody = JSON.stringify({ preferences: wish, audit_info: { modified_by: MODIFIED_BY } });

const xmlBody =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  `<request><preferences>${wish.map(xmlPreference).join("")}</preferences>` +
  `<audit_info><modified_by>${MODIFIED_BY}</modified_by></audit_info></request>`;

function xmlPreference({ category, channels }: (typeof wish)[number]): string {
  const inner = channels.map(
    ({ name, selections }) =>
      `<channel><name>${name}</name><selections>${selections.map(xmlSelection).join("")}</selections></channel>`,
  );
  return `<preference><category>${category}</category><channels>${inner.join("")}</channels></preference>`;
}

function xmlSelection(selection: (typeof wish)[number]["channels"][number]["selections"][number]): string {
  const inner = Object.entries(selection).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<selection>${inner.join("")}</selection>`;
}

/** The three loads, with the headers that the customers' contract asks for. */
export function loads(token: string, customers: number): Readonly<Record<LoadName, Load>> {
  const headers = { Authorization: `Bearer ${token}`, ClientId: "admin", "Request-Tracking-Id": "bench-@NUMBER@" };
  const json = { ...headers, Accept: "application/json" };
  const xml = { ...headers, Accept: "application/xml" };
  return {
    put: {
      customers,
      path,
      name: "put",
      method: "PUT",
      headers: { ...json, "Content-Type": "application/json" },
      body: jsonBody,
    },
    "put-xml": {
      customers,
      path,
      name: "put-xml",
      method: "PUT",
      headers: { ...xml, "Content-Type": "application/xml" },
      body: xmlBody,
    },
    get: { customers, path, name: "get", method: "GET", headers: json, body: undefined },
  };
}

/** The part of fetch's own options that a load needs. */
interface Init {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/** One request of a load, as fetch takes it, for the customer of this number (from 0). */
export function requestFor(load: Load, number: number): { readonly path: string; readonly init: Init } {
  const digits = String(number).padStart(5, "0");
  const fill = (text: string): string => text.replaceAll("@NUMBER@", digits).replaceAll("@CHOICE@", "Y");
  const headers = Object.fromEntries(Object.entries(load.headers).map(([name, value]) => [name, fill(value)]));
  const init = { method: load.method, headers, body: load.body === undefined ? null : fill(load.body) };
  return { path: fill(load.path), init };
}
