import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../domain/limits.ts";
import { customerPreferencesRequest as shape } from "./customer-preferences.ts";
import { organisationPreferencesRequest } from "./email-preferences.ts";
import { FaultList } from "./fault-list.ts";
import { scanJson } from "./json-scan.ts";
import type { WireFormat } from "./shape.ts";

/** Every fault as `<problem> <place> <message>`. */
function faultsOf(
  body: Buffer | string,
  format: WireFormat,
  of: typeof shape | typeof organisationPreferencesRequest = shape,
) {
  const bytes = Buffer.from(body);
  const reading = of.read(bytes, format);
  assert.ok("faults" in reading, "it was taken");
  return reading.faults.map(({ problem, path, message }) => `${problem} ${of.place(path, bytes, format)} ${message}`);
}

const selection = (members: string) =>
  `{"preferences":[{"category":"c","channels":[{"name":"n","selections":[{${members}}]}]}]}`;

const malformedJson: Record<string, Buffer | string> = {
  'it ends where "," or "}" should stand': '{"preferences":[]',
  "at line 2, column 3 a name in double quotes should stand": "{\n  'preferences':[]}",
  "at line 1, column 19 the end should stand": '{"preferences":[]}x',
  "at line 1, column 19 a value should stand": '{"preferences":[1,]}',
  "at line 1, column 16 a value should stand": '{"preferences":NaN}',
  "at line 1, column 17 a value should stand": '{"preferences":["\u0000"]}',
  "at line 1, column 2 a name in double quotes should stand": "{,}",
  'at line 1, column 20 ":" should stand': '{"preferences":{"a"}}',
  'at line 1, column 19 "," or "]" should stand': '{"preferences":[1 2]}',
  "at line 1, column 1 a value should stand": "<request/>",
};

test("what is not JSON is refused with its line and column", () => {
  for (const [where, body] of Object.entries(malformedJson)) {
    assert.deepEqual(faultsOf(body, "json"), [`body-malformed  the body is not JSON: ${where}`]);
  }
});

test("an empty body is missing", () => {
  for (const format of ["json", "xml"] as const) {
    for (const body of ["", " \r\n\t"]) assert.deepEqual(faultsOf(body, format), ["body-missing  the body is empty"]);
  }
});

test("anything but UTF-8 without a byte order mark is refused by name", () => {
  for (const [format, text] of [
    ["json", '{"preferences":[]}'],
    ["xml", "<request><preferences/></request>"],
  ] as const) {
    const utf16 = Buffer.from(text, "utf16le");
    const marked = Buffer.from(`\ufeff${text}`);
    const refusals = [
      [marked, "body-malformed  the body starts with a byte order mark; send UTF-8 without one"],
      [utf16, "body-malformed  the body is in UTF-16 or UTF-32; send UTF-8"],
      [Buffer.from(utf16).swap16(), "body-malformed  the body is in UTF-16 or UTF-32; send UTF-8"],
      [Buffer.from(`\ufeff${text}`, "utf16le"), "body-malformed  the body is in UTF-16 or UTF-32; send UTF-8"],
      [
        Buffer.from(`${text}\u00e9`, "latin1"),
        `body-malformed  the body is not valid UTF-8: the byte at offset ${text.length} is wrong`,
      ],
    ] as const;
    for (const [body, refusal] of refusals) assert.deepEqual(faultsOf(body, format), [refusal]);
  }
});

test("each name that stands twice is found, however it is written", () => {
  const body =
    '{"preferences":[{"category":"a:b","c\\u0061tegory":"c","channels":[]}],"audit_info":{},"audit_info":{}}';
  assert.deepEqual(faultsOf(body, "json"), [
    "body-malformed /preferences/0/category stands there twice; send each name once",
    "body-malformed /audit_info stands there twice; send each name once",
  ]);
});

test("names of JavaScript's own are unknown members and nothing more", () => {
  assert.deepEqual(faultsOf('{"preferences":[],"__proto__":{"audit_info":1},"constructor":{},"toString":1}', "json"), [
    "member-unknown /__proto__ is not a member here; known: preferences, audit_info",
    "member-unknown /constructor is not a member here; known: preferences, audit_info",
    "member-unknown /toString is not a member here; known: preferences, audit_info",
  ]);
  assert.deepEqual(faultsOf("<request><preferences/><__proto__/><constructor/></request>", "xml"), [
    "member-unknown /request/__proto__ is not a member here; known: preferences, audit_info",
    "member-unknown /request/constructor is not a member here; known: preferences, audit_info",
  ]);
  assert.equal(Object.hasOwn(Object.prototype, "audit_info"), false);
});

test("text that XML cannot carry is refused in JSON, wherever it came from", () => {
  for (const text of ["\\u0000", "\\b", "\\f", "\\u001f", "\\ud800", "\\udc00x", "\\ufffe", "\uffff"]) {
    assert.deepEqual(faultsOf(selection(`"type":"t","is_opt_in":"Y","value":"a${text}"`), "json"), [
      "text-unprintable /preferences/0/channels/0/selections/0/value " +
        "holds a control character or lone surrogate, which XML cannot carry",
    ]);
  }
});

test("every fault is told at once, each at its place", () => {
  const body = `{"preferences":[{"channels":{},"color":1},7],"audit_info":{"modified_by":"${"x".repeat(101)}"}}`;
  assert.deepEqual(faultsOf(body, "json"), [
    "value-invalid /preferences/0/channels must be a list",
    "member-unknown /preferences/0/color is not a member here; known: category, channels",
    "member-missing /preferences/0/category is missing",
    "value-invalid /preferences/1 must be an object",
    "limit-exceeded /audit_info/modified_by must not be longer than 100 characters",
  ]);
});

test("yes and no are taken in one spelling only", () => {
  for (const choice of ['"y"', '"Yes"', "true", '""', "null", '"Y "']) {
    assert.deepEqual(faultsOf(selection(`"type":"t","value":"v","is_opt_in":${choice}`), "json"), [
      'value-invalid /preferences/0/channels/0/selections/0/is_opt_in must be "Y" or "N"',
    ]);
  }
});

test("characters are counted, not bytes or surrogates", () => {
  const value = (length: number) => selection(`"type":"t","is_opt_in":"Y","value":"${"😀".repeat(length)}"`);
  assert.ok("value" in shape.read(Buffer.from(value(limits.textCharacters)), "json"));
  assert.equal(faultsOf(value(limits.textCharacters + 1), "json").length, 1);
});

test("a long unknown name is repeated in part, and without what cannot be shown", () => {
  const [long = "", dark = ""] = faultsOf(
    JSON.stringify({ preferences: [], ["n".repeat(500)]: 1, "a\u202eb\u0007/~": 1 }),
    "json",
  );
  assert.ok(long.startsWith(`member-unknown /${"n".repeat(limits.echoedCharacters)}… is not`), long);
  assert.ok(dark.startsWith("member-unknown /a\ufffdb\ufffd~1~0 is not"), dark);
});

test("what might be an address is no place, and stands in no message", () => {
  const members = "member-unknown /… is not a member here; known: preferences, audit_info";
  for (const name of ["john@example.com", "+1 (212) 555-0100", `${"n".repeat(500)}@example.com`]) {
    assert.deepEqual(faultsOf(JSON.stringify({ preferences: [], [name]: 1 }), "json"), [members]);
    const twice = `{"preferences":[],"audit_info":{"${name}":1,"${name}":2}}`;
    assert.deepEqual(faultsOf(twice, "json"), ["body-malformed /audit_info/… stands there twice; send each name once"]);
  }
  assert.deepEqual(faultsOf("<p2125550100/>", "xml"), [
    "member-unknown  the body must have the root element <request> or <response>, not <…>",
  ]);
});

test("of very many faults a hundred are listed and the others counted", () => {
  const faults = faultsOf(`{"preferences":[${"1,".repeat(4999)}1]}`, "json");
  assert.equal(faults.length, limits.listedFaults + 1);
  assert.equal(faults.at(-1), "value-invalid  the body has 4900 more faults");
});

test("the organisations' body must stand in its root member, alone", () => {
  const of = organisationPreferencesRequest;
  const missing = 'member-missing  the body must be an object with the member "emailpreferences"';
  for (const body of ["{}", "[]", "null", '"x"']) assert.deepEqual(faultsOf(body, "json", of), [missing]);
  assert.deepEqual(faultsOf('{"emailpreferences":7,"x":1}', "json", of), [
    'member-unknown  the body holds "x", which is not a member here; known: emailpreferences',
    "value-invalid  the body must be an object",
  ]);
  assert.deepEqual(faultsOf('{"emailpreferences":{"organisationid":"03"}}', "json", of), [
    "value-invalid /emailpreferences/organisationid must be a whole number from 1 to 999999999999999",
    "member-missing /emailpreferences/frequency is missing",
  ]);
});

const malformedXml: Record<string, string> = {
  "is not well-formed XML at line 1, column 9: unclosed tag: request": "<request>",
  "is not well-formed XML at line 1, column 32: unexpected close tag": "<request><preferences></request>",
  "is not well-formed XML at line 1, column 12: undefined entity": "<request>&a;</request>",
  "is not well-formed XML at line 1, column 11: text data outside of root node": "<request/>x",
  "is not well-formed XML at line 1, column 10: disallowed character": "<request>\u0001</request>",
  "is not well-formed XML at line 1, column 13: malformed character entity": "<request>&#0;</request>",
  "has a DOCTYPE, which is not taken": '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><request>&a;</request>',
  "has a processing instruction, which is not taken": "<request><?php 1?></request>",
  "declares another encoding than UTF-8": "<?xml version='1.0' encoding='ISO-8859-1'?><request/>",
};

test("what is not well-formed XML, or XML of a kind that is not taken, is refused with the reason", () => {
  for (const [what, body] of Object.entries(malformedXml)) {
    assert.deepEqual(faultsOf(body, "xml"), [`body-malformed  the body ${what}`]);
  }
});

test("another root element is refused", () => {
  assert.deepEqual(faultsOf("<Request><preferences/></Request>", "xml"), [
    "member-unknown  the body must have the root element <request> or <response>, not <Request>",
  ]);
});

test("unknown, repeated and misplaced elements, attributes and text have an XPath counted from 1", () => {
  const body = `<?xml version="1.0" encoding="utf-8"?>
    <response lang="en" xmlns="urn:x"><preferences> x
      <preference><category>a<b/></category><colour/></preference>
      <preference><category>a</category><category>b</category><channels><selection/></channels></preference>
    </preferences></response>`;
  assert.deepEqual(faultsOf(body, "xml"), [
    "member-unknown /response/@lang is not taken: there are no attributes here",
    "value-invalid /response/preferences holds text between its elements",
    "value-invalid /response/preferences/preference[1]/category must be text, without elements in it",
    "member-unknown /response/preferences/preference[1]/colour is not a member here; known: category, channels",
    "member-repeated /response/preferences/preference[2]/category stands there twice; send it once",
    "member-unknown /response/preferences/preference[2]/channels/selection is not a member here; known: channel",
    "member-missing /response/preferences/preference[1]/channels is missing",
  ]);
});

test("prefixes, comments, CDATA, references and any order of elements are taken", () => {
  const body = `<!-- a --><r:request xmlns:r="urn:r"><audit_info><modified_by>a<!-- b --><![CDATA[<&>]]>&#x1F600;&amp;</modified_by>
    </audit_info><r:preferences/><request_tracking_id any="1"><x>y</x>z</request_tracking_id></r:request>`;
  assert.deepEqual(shape.read(Buffer.from(body), "xml"), {
    value: { wish: { preferences: [] }, modifiedBy: "a<&>😀&" },
  });
});

test("bombs are refused at once", () => {
  const levels = limits.bodyLevels;
  const laughs = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join("");
  const bombs: [string, WireFormat, string][] = [
    ["[".repeat(10_000), "json", `limit-exceeded  the body has more than ${levels} levels`],
    [
      `${"[".repeat(10_000)}${"]".repeat(10_000)}`,
      "json",
      `limit-exceeded  the body has more than ${levels} levels or 10000 members and list items`,
    ],
    [
      `{"preferences":[${"1,".repeat(100_000)}1]}`,
      "json",
      `limit-exceeded  the body has more than ${levels} levels or 10000 members and list items`,
    ],
    [`{"preferences":"${":".repeat(250_000)}"}`, "json", "value-invalid /preferences must be a list"],
    [`{"preferences":${'{"":'.repeat(60_000)}`, "json", `limit-exceeded  the body has more than ${levels} levels`],
    [" ".repeat(10_000_000), "json", "limit-exceeded  the body is larger than 262144 bytes"],
    ["<request>".repeat(10_000), "xml", "limit-exceeded  the body has more than 32 levels"],
    [
      `<request><preferences>${"<preference/>".repeat(20_000)}`,
      "xml",
      "limit-exceeded  the body has more than 10000 elements",
    ],
    [
      `<!DOCTYPE r [<!ENTITY l0 "ha">${laughs}]><request>&l9;</request>`,
      "xml",
      "body-malformed  the body has a DOCTYPE, which is not taken",
    ],
    [
      `<request ${Array.from({ length: 20_000 }, (_, at) => `a${at}=""`).join(" ")}/>`,
      "xml",
      "member-unknown /request/@a0 is not taken: there are no attributes here",
    ],
  ];
  for (const [body, format, fault] of bombs) {
    const start = performance.now();
    const faults = faultsOf(body, format);
    assert.ok(performance.now() - start < 1000, `${body.slice(0, 40)} took ${performance.now() - start} ms`);
    assert.ok(faults.includes(fault), faults.slice(0, 3).join());
  }
});

test("the slow scan takes exactly what JSON.parse takes", () => {
  const nearly = fc.tuple(
    fc.json({ maxDepth: 4 }),
    fc.nat(),
    fc.constantFrom("", ",", '"', "]", "}", "0", "-", "\\", "\n", " ", "e", "\u0000", "tru"),
  );
  const texts = nearly.map(
    ([text, at, extra]) => text.slice(0, at % (text.length + 1)) + extra + text.slice((at + 1) % (text.length + 2)),
  );
  fc.assert(
    fc.property(fc.oneof(texts, fc.json({ maxDepth: 4 }), fc.string()), (text) => {
      const faults = new FaultList(new Map());
      scanJson(text, faults);
      const isRead = !faults.list().some((fault) => fault.path.length === 0);
      assert.equal(isRead, isJson(text), text);
    }),
    { numRuns: 2000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
