import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { customersError, organisationsError } from "./support/errors.ts";
import { customerPath, organisationPath, startTarget, type Target } from "./support/target.ts";

// Bodies that are not what they should be, in JSON, over a real socket: refused in the contract's own shape, nothing
// changed, the process alive.

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const bytes = (...values: number[]): Buffer => Buffer.from(values);
const empty = '{"preferences":[]}';
const daily = '{"emailpreferences":{"frequency":"Daily"}}';
const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");

/** Not JSON in UTF-8: 400, whichever contract. */
const malformed: Readonly<Record<string, (valid: string) => string | Uint8Array>> = {
  "nothing at all": () => "",
  "white space": () => " \r\n\t",
  "an unfinished text": (valid) => valid.slice(0, -1),
  "bytes after the end": (valid) => `${valid}x`,
  "a second document": (valid) => valid + valid,
  "a NUL byte after the end": (valid) => `${valid}\0`,
  "a byte order mark": (valid) => Buffer.concat([bytes(0xef, 0xbb, 0xbf), Buffer.from(valid)]),
  "UTF-16": (valid) => utf16(valid),
  "UTF-16 with its mark": (valid) => utf16(`\ufeff${valid}`),
  "UTF-16, big end first": (valid) => utf16(`\ufeff${valid}`).swap16(),
  "UTF-32": (valid) => Buffer.concat([...valid].map((character) => bytes(character.charCodeAt(0), 0, 0, 0))),
  "a byte that is not UTF-8": (valid) =>
    Buffer.concat([Buffer.from(valid.slice(0, 3)), bytes(0xff), Buffer.from(valid.slice(3))]),
  "an overlong encoding": (valid) =>
    Buffer.concat([Buffer.from(valid.slice(0, 3)), bytes(0xc0, 0x80), Buffer.from(valid.slice(3))]),
  "a lone surrogate in UTF-8": (valid) =>
    Buffer.concat([Buffer.from(valid.slice(0, 3)), bytes(0xed, 0xa0, 0x80), Buffer.from(valid.slice(3))]),
  "a character cut off": (valid) => Buffer.concat([Buffer.from(valid), bytes(0xf0, 0x9f)]),
  "single quotes": (valid) => valid.replaceAll('"', "'"),
  "a trailing comma": (valid) => valid.replace(/\}$/, ",}"),
  "a comment": (valid) => `/* hello */${valid}`,
  "a raw control character in a string": (valid) => valid.replace('"', '"\u0001'),
  "a raw NUL in a string": (valid) => valid.replace('"', '"\u0000'),
  NaN: (valid) => valid.replace(/:.*/s, ":NaN}"),
  "a duplicate name": (valid) => `${valid.slice(0, -1)},${valid.slice(1)}`,
  "a duplicate name, spelt with an escape": (valid) =>
    `${valid.slice(0, -1)},${valid
      .slice(1)
      .replace(/"(.)/, (_, first: string) => `"\\u${first.charCodeAt(0).toString(16).padStart(4, "0")}`)}`,
  "__proto__ twice": () => '{"__proto__":1,"__proto__":2}',
  "a gzip stream": () => bytes(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3),
};

describe("JSON that cannot be read", () => {
  for (const [what, spoil] of Object.entries(malformed)) {
    it(`${what} is 400 for customers`, async () => {
      customersError(await target.putCustomer(spoil(empty)), 400);
      await target.isUnchanged();
    });
    it(`${what} is 400 for organisations`, async () => {
      organisationsError(await target.putOrganisation(spoil(daily)), 400);
      await target.isUnchanged();
    });
  }
});

const selection = (members: object): object => ({
  preferences: [
    {
      category: "Service Exception",
      channels: [{ name: "Text", selections: [{ value: "2125550199", type: "BPHONE", is_opt_in: "Y", ...members }] }],
    },
  ],
});
const preference = (members: object): object => ({
  preferences: [{ category: "Service Exception", channels: [], ...members }],
});
const channel = (members: object): object => preference({ channels: [{ name: "Text", selections: [], ...members }] });

/** Well-formed, and not what the customers' contract takes: 422. */
const invalidForCustomers: Readonly<Record<string, unknown>> = {
  null: null,
  "a list": [],
  "a text": "x",
  "no preferences": {},
  "preferences that are an object": { preferences: {} },
  "preferences that are null": { preferences: null },
  "a preference that is a number": { preferences: [1] },
  "a category that is null": preference({ category: null }),
  "a category that is an object": preference({ category: {} }),
  "a category without letters": preference({ category: "" }),
  "a category named constructor": preference({ category: "constructor" }),
  "a category named __proto__": preference({ category: "__proto__" }),
  "channels that are an object": preference({ channels: {} }),
  "no channels": { preferences: [{ category: "Service Exception" }] },
  "an unknown member named toString": preference({ toString: 1 }),
  "a channel named hasOwnProperty": channel({ name: "hasOwnProperty" }),
  "selections that are null": channel({ selections: null }),
  "a selection that is a list": channel({ selections: [[]] }),
  "an actor that is a number": { preferences: [], audit_info: { modified_by: 7 } },
  "an actor without letters": { preferences: [], audit_info: { modified_by: "" } },
  "an actor of 101 characters": { preferences: [], audit_info: { modified_by: "x".repeat(101) } },
  "an actor with a NUL": { preferences: [], audit_info: { modified_by: "a\u0000b" } },
  "an actor with a control character": { preferences: [], audit_info: { modified_by: "a\u0008b" } },
  "an actor with U+FFFE": { preferences: [], audit_info: { modified_by: "a\ufffeb" } },
  "audit_info that is a text": { preferences: [], audit_info: "johnm" },
  "an unknown member of audit_info": { preferences: [], audit_info: { created_by: "johnm" } },
  "a category of 100,000 characters": preference({ category: "x".repeat(100_000) }),
};

const misspelt: Readonly<Record<string, (word: string) => object>> = {
  category: (category) => preference({ category }),
  channel: (name) => channel({ name }),
  type: (type) => selection({ type }),
  is_opt_in: (is_opt_in) => selection({ is_opt_in }),
};
const misspellings: Readonly<Record<string, readonly unknown[]>> = {
  category: [
    "service exception",
    "Service Exception ",
    "Service\u00a0Exception",
    "ServiceException",
    "Service Exceptions",
    5,
  ],
  channel: ["text", "TEXT", "SMS", "Text\u0000", "Тext", null],
  type: ["bphone", "BPHONE ", "PHONE", "EMAIL", true],
  is_opt_in: ["y", "n", "YES", "true", "", " Y", "1", true, false, 1, null, []],
};

const badAddresses: readonly (readonly [type: string, channel: string, value: unknown])[] = [
  ["BPHONE", "Text", ""],
  ["BPHONE", "Text", "555-0199"],
  ["BPHONE", "Text", "123345456"],
  ["BPHONE", "Text", "12334545678"],
  ["BPHONE", "Text", "+"],
  ["BPHONE", "Text", "+0123456789"],
  ["BPHONE", "Text", "+1123"],
  ["BPHONE", "Text", "2125550199\n"],
  ["BPHONE", "Text", "２１２５５５０１９９"],
  ["BPHONE", "Text", 2125550199],
  ["BPHONE", "Text", "secret@example.com"],
  ["BEMAIL", "Email", "2125550199"],
  ["BEMAIL", "Email", "secret"],
  ["BEMAIL", "Email", "secret@"],
  ["BEMAIL", "Email", "@secret.example"],
  ["BEMAIL", "Email", "a@secret@example.com"],
  ["BEMAIL", "Email", "sec ret@example.com"],
  ["BEMAIL", "Email", "secret@example.com\n"],
  ["BEMAIL", "Email", `${"s".repeat(65)}@example.com`],
  ["BEMAIL", "Email", `secret@${"e".repeat(300)}.com`],
  ["BEMAIL", "Text", "secret@example.com"],
  ["BPHONE", "Email", "2125550199"],
];

describe("JSON that is not what the customers' contract takes", () => {
  for (const [what, body] of Object.entries(invalidForCustomers)) {
    it(`${what} is 422`, async () => {
      customersError(await target.putCustomer(JSON.stringify(body)), 422);
      await target.isUnchanged();
    });
  }

  for (const [member, words] of Object.entries(misspellings)) {
    it(`every misspelt ${member} is 422, at its place`, async () => {
      for (const word of words) {
        const messages = customersError(
          await target.putCustomer(JSON.stringify(misspelt[member]?.(word as string))),
          422,
        );
        assert.deepEqual(messages.length, 1, messages.join("\n"));
        assert.match(messages[0] ?? "", /^\/preferences\/0\/.*: ./);
      }
      await target.isUnchanged();
    });
  }

  it("an address that is none is 422 and never repeated", async () => {
    for (const [type, name, value] of badAddresses) {
      const body = preference({ channels: [{ name, selections: [{ value, type, is_opt_in: "Y" }] }] });
      const answer = await target.putCustomer(JSON.stringify(body));
      const messages = customersError(answer, 422);
      assert.match(messages[0] ?? "", /^\/preferences\/0\/channels\/0\/selections\/0\/(value|type): ./, String(value));
      assert.doesNotMatch(answer.body, /secret|ssss|0199|1233/);
    }
    await target.isUnchanged();
  });

  it("a lone surrogate that is written as an escape is 422", async () => {
    for (const escape of ["\\ud800", "\\udfff", "\\udfff\\ud800"]) {
      customersError(await target.putCustomer(`{"preferences":[],"audit_info":{"modified_by":"${escape}"}}`), 422);
    }
    await target.isUnchanged();
  });

  it("__proto__ is an unknown member like any other, wherever it stands", async () => {
    for (const body of [
      '{"preferences":[],"__proto__":{"isAdmin":true}}',
      '{"__proto__":{"preferences":[]}}',
      '{"preferences":[],"constructor":{"prototype":{"isAdmin":true}}}',
      '{"preferences":[{"category":"Service Exception","channels":[],"__proto__":null}]}',
      '{"preferences":[],"audit_info":{"__proto__":{"modified_by":"x"}}}',
    ]) {
      customersError(await target.putCustomer(body), 422);
    }
    assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
    await target.isUnchanged();
  });
});

describe("JSON that is too much", () => {
  const deep = (levels: number) => `${'{"preferences":['.repeat(1)}${"[".repeat(levels)}${"]".repeat(levels)}]}`;

  it("10,000 and 100,000 levels are refused", async () => {
    for (const levels of [40, 10_000, 100_000]) {
      customersError(await target.putCustomer(deep(levels)), 422);
      organisationsError(await target.putOrganisation(`{"emailpreferences":${deep(levels)}}`), 400);
    }
    await target.isUnchanged();
  });

  it("levels in a member that is not looked at count as well", async () => {
    const body = `{"preferences":[],"request_tracking_id":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    customersError(await target.putCustomer(body), 422);
    await target.isUnchanged();
  });

  it("100,000 list items are refused", async () => {
    const items = `[${"0,".repeat(100_000)}0]`;
    customersError(await target.putCustomer(`{"preferences":${items}}`), 422);
    organisationsError(
      await target.putOrganisation(`{"emailpreferences":{"frequency":"Daily","modules":${items}}}`),
      400,
    );
    await target.isUnchanged();
  });

  it("thousands of faults are answered with a list that ends", async () => {
    const body = JSON.stringify({ preferences: Array.from({ length: 3000 }, () => ({ category: 1, channels: 1 })) });
    const messages = customersError(await target.putCustomer(body), 422);
    assert.ok(messages.length <= 101, String(messages.length));
    const categories = Array.from({ length: 3000 }, (_, n) => ({ category: `No ${n}`, channels: [] }));
    const unknown = customersError(await target.putCustomer(JSON.stringify({ preferences: categories })), 422);
    assert.ok(unknown.length <= 101, `${unknown.length} faults of names`);
    await target.isUnchanged();
  });

  it("257 KiB are 413", async () => {
    const body = JSON.stringify({ preferences: [], request_tracking_id: "x".repeat(257 * 1024) });
    customersError(await target.putCustomer(body), 413);
    organisationsError(await target.putOrganisation(body), 413);
    await target.isUnchanged();
  });
});

const wish = (members: object): string => JSON.stringify({ emailpreferences: { frequency: "Daily", ...members } });

const invalidForOrganisations: Readonly<Record<string, string>> = {
  null: "null",
  "a list": "[]",
  "no root": '{"frequency":"Daily"}',
  "a second root": '{"emailpreferences":{"frequency":"Daily"},"other":1}',
  "a root that is null": '{"emailpreferences":null}',
  "no frequency": '{"emailpreferences":{}}',
  "a frequency that is a number": wish({ frequency: 1 }),
  "a misspelt frequency": wish({ frequency: "Dayly" }),
  "a frequency with space around it": wish({ frequency: " Daily" }),
  "an id that is a fraction": wish({ organisationid: 3.5 }),
  "an id that is negative": wish({ organisationid: -3 }),
  "an id with a leading zero": wish({ organisationid: "03" }),
  "an id with an exponent": '{"emailpreferences":{"frequency":"Daily","organisationid":"3e0"}}',
  "an id that is another's": wish({ organisationid: 4 }),
  "an id that is null": wish({ organisationid: null }),
  "a user's id": wish({ userid: 3 }),
  "lists that are objects": wish({ modules: {} }),
  "a node without a name": wish({ metadatanodes: [{ metadata: ["Benin"] }] }),
  "labels that are a text": wish({ metadatanodes: [{ node: "Countries", metadata: "Benin" }] }),
  "a label that is a number": wish({ metadatanodes: [{ node: "Countries", metadata: [1] }] }),
  "an unknown node": wish({ metadatanodes: [{ node: "Planets", metadata: [] }] }),
  "a label of another node": wish({ metadatanodes: [{ node: "Countries", metadata: ["Alabama"] }] }),
  "a node twice": wish({
    metadatanodes: [
      { node: "Countries", metadata: [] },
      { node: "Countries", metadata: [] },
    ],
  }),
  "a module twice": wish({
    modules: [
      { name: "News", preference: "Off" },
      { name: "news", preference: "Include" },
    ],
  }),
  "a module without a preference": wish({ modules: [{ name: "News" }] }),
  "a misspelt preference": wish({ modules: [{ name: "News", preference: "Included" }] }),
  "a module turned On": wish({ modules: [{ name: "News", preference: "On" }] }),
  "an alert service included": wish({ alertservices: [{ name: "Email alert ABC", preference: "Include" }] }),
  "a custom module without a frequency": wish({ modules: [{ name: "News", preference: "Custom" }] }),
  "a custom module with a misspelt frequency": wish({
    modules: [{ name: "News", preference: "Custom", frequency: "Dayly" }],
  }),
  "a module named constructor": wish({ modules: [{ name: "constructor", preference: "Off" }] }),
  "an unknown member": wish({ colour: "red" }),
  __proto__: '{"emailpreferences":{"frequency":"Daily","__proto__":{"x":1}}}',
  "a NUL": wish({ modules: [{ name: "News\u0000", preference: "Off" }] }),
  "an attribute of JSON's making": wish({ "@xmlns": "x" }),
};

describe("JSON that is not what the organisations' contract takes", () => {
  for (const [what, body] of Object.entries(invalidForOrganisations)) {
    it(`${what} is 400`, async () => {
      assert.notEqual(organisationsError(await target.putOrganisation(body), 400), "");
      await target.isUnchanged();
    });
  }
});

describe("what is valid although it looks odd", () => {
  it("is taken: white space, escapes, big and small letters of escapes, members in any order", async () => {
    await using other = await startTarget();
    const odd = '\r\n\t{ "audit_info" : {"modified_by":"\\u00e9\\uD83D\\uDE00 \\/ \\" \\\\"} ,\n"preferences":[]}\n';
    assert.equal((await other.putCustomer(odd)).status, 200);
    assert.equal((await other.putOrganisation('{"emailpreferences":{"\\u0066requency":"\\u0044aily"}}')).status, 200);
    assert.match((await other.get(organisationPath)).body, /"frequency":"Daily"/);
    assert.match((await other.get(customerPath)).body, /2125550100/);
  });
});
