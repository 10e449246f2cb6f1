import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { customersError, organisationsError } from "./support/errors.ts";
import { startTarget, type Target } from "./support/target.ts";

// Bodies that are not what they should be, in XML, over a real socket.

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const inXml = { "Content-Type": "application/xml" };
const bothXml = { ...inXml, Accept: "application/xml" };
const empty = "<request><preferences/></request>";
const daily = "<emailpreferences><frequency>Daily</frequency></emailpreferences>";
const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");
const bytes = (...values: number[]): Buffer => Buffer.from(values);

const laughs = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from(
  { length: 9 },
  (_, n) => `<!ENTITY lol${n + 1} "${`&lol${n === 0 ? "" : n};`.repeat(10)}">`,
).join("")}]>`;

/** Not XML that is taken, in UTF-8: 400, whichever contract. */
const malformed: Readonly<Record<string, (valid: string) => string | Uint8Array>> = {
  "nothing at all": () => "",
  "white space": () => "  \n",
  "plain text": () => "hello",
  JSON: () => '{"preferences":[]}',
  "an element that is not closed": (valid) => valid.slice(0, valid.lastIndexOf("</")),
  "elements that cross": () => "<request><preferences></request></preferences>",
  "two roots": (valid) => valid + valid,
  "text after the root": (valid) => `${valid}x`,
  "a NUL after the root": (valid) => `${valid}\0`,
  "an unknown entity": (valid) => valid.replace(/>/, ">&nbsp;"),
  "an entity that is not closed": (valid) => valid.replace(/>/, ">&amp"),
  "a reference to NUL": (valid) => valid.replace(/>/, ">&#0;"),
  "a reference to a surrogate": (valid) => valid.replace(/>/, ">&#xD800;"),
  "a control character": (valid) => valid.replace(/>/, ">\u0001"),
  "a bomb of entities": (valid) => `${laughs}${valid.replace(/>/, ">&lol9;")}`,
  "a bomb of one large entity": (valid) =>
    `<!DOCTYPE a [<!ENTITY a "${"a".repeat(50_000)}">]>${valid.replace(/>/, `>${"&a;".repeat(1000)}`)}`,
  "an external entity": (valid) =>
    `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${valid.replace(/>/, ">&x;")}`,
  "an external DTD": (valid) => `<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">${valid}`,
  "a parameter entity": (valid) => `<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/a.dtd"> %x;]>${valid}`,
  "a DOCTYPE alone": (valid) => `<!DOCTYPE request>${valid}`,
  "a processing instruction": (valid) => `<?xml-stylesheet href="http://127.0.0.1:9/a.xsl"?>${valid}`,
  "a processing instruction inside": (valid) => valid.replace(/>/, "><?php echo 1 ?>"),
  "a declaration of another encoding": (valid) => `<?xml version="1.0" encoding="ISO-8859-1"?>${valid}`,
  "a declaration that comes late": (valid) => ` <?xml version="1.0"?>${valid}`,
  "XML 1.1": (valid) => `<?xml version="1.1"?>${valid.replace(/>/, ">&#1;")}`,
  "a byte order mark": (valid) => `\ufeff${valid}`,
  "UTF-16": (valid) => utf16(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${valid}`),
  "a byte that is not UTF-8": (valid) =>
    Buffer.concat([Buffer.from(valid.slice(0, 12)), bytes(0xe9), Buffer.from(valid.slice(12))]),
};

describe("XML that cannot be read", () => {
  for (const [what, spoil] of Object.entries(malformed)) {
    it(`${what} is 400 for customers`, async () => {
      customersError(await target.putCustomer(spoil(empty), bothXml), 400);
      await target.isUnchanged();
    });
    it(`${what} is 400 for organisations`, async () => {
      organisationsError(await target.putOrganisation(spoil(daily), bothXml), 400);
      await target.isUnchanged();
    });
  }

  it("nothing of a file that an entity names is ever repeated", async () => {
    const body = `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><request>&x;</request>`;
    assert.doesNotMatch((await target.putCustomer(body, bothXml)).body, /root:/);
  });
});

const inChannel = (inner: string): string => `<channel><name>Text</name><selections>${inner}</selections></channel>`;
const inCategory = (inner: string): string =>
  `<preference><category>Service Exception</category><channels>${inner}</channels></preference>`;
const selections = (inner: string): string =>
  `<request><preferences>${inCategory(inChannel(inner))}</preferences></request>`;
const whole = "<selection><value>2125550199</value><type>BPHONE</type><is_opt_in>Y</is_opt_in></selection>";

/** Well-formed, and not what the customers' contract takes, with the place at which it says so. */
const invalidForCustomers: Readonly<Record<string, readonly [body: string, place: RegExp]>> = {
  "another root": ["<preferences/>", /request/],
  "another contract's root": [daily, /request/],
  "an empty root": ["<request/>", /^\/request\/preferences: /],
  "a root in capitals": ["<REQUEST><preferences/></REQUEST>", /request/],
  "an unknown element": ["<request><preferences/><colour>red</colour></request>", /^\/request\/colour: /],
  "a repeated element": ["<request><preferences/><preferences/></request>", /^\/request\/preferences(\[2\])?: /],
  "a misplaced element": [
    "<request><preferences><category>Service Exception</category></preferences></request>",
    /^\/request\/preferences\/category: /,
  ],
  "text between elements": ["<request>hello<preferences/></request>", /^\/request: |holds text/],
  "an element inside a text": [
    selections(whole.replace("BPHONE", "BPH<b/>ONE")),
    /^\/request\/preferences\/preference\[1\]\/channels\/channel\[1\]\/selections\/selection\[1\]\/type: /,
  ],
  "an attribute": ['<request><preferences nil="true"/></request>', /^\/request\/preferences\/@nil: /],
  "xsi:type": [
    '<request xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><preferences xsi:type="x"/></request>',
    /^\/request\/preferences\/@.*type: /,
  ],
  "a selection that lacks its type": [selections(whole.replace("<type>BPHONE</type>", "")), /selection\[1\]\/type: /],
  "a selection with two values": [
    selections(whole.replace("<type>", "<value>2125550100</value><type>")),
    /selection\[1\]\/value(\[2\])?: /,
  ],
  "a misspelt choice": [selections(whole.replace(">Y<", "> Y <")), /selection\[1\]\/is_opt_in: /],
  "a slot twice": [selections(whole + whole.replace(">Y<", ">N<")), /selection\[2\]: /],
  "an address that is none": [selections(whole.replace("2125550199", "")), /selection\[1\]\/value: /],
  "a text of 2,000 characters": [
    `<request><preferences/><audit_info><modified_by>${"x".repeat(2000)}</modified_by></audit_info></request>`,
    /^\/request\/audit_info\/modified_by: /,
  ],
};

describe("XML that is not what the customers' contract takes", () => {
  for (const [what, [body, place]] of Object.entries(invalidForCustomers)) {
    it(`${what} is 422, at its place`, async () => {
      const inJson = customersError(await target.putCustomer(body, inXml), 422);
      assert.match(inJson[0] ?? "", place);
      assert.deepEqual(customersError(await target.putCustomer(body, bothXml), 422), inJson);
      await target.isUnchanged();
    });
  }
});

const wish = (inner: string): string => `<emailpreferences><frequency>Daily</frequency>${inner}</emailpreferences>`;
const newsModule = "<module><name>News</name><preference>Off</preference></module>";
const wrappedLabels = "<node>Countries</node><metadata><metadata>Benin</metadata></metadata>";

const invalidForOrganisations: Readonly<Record<string, string>> = {
  "another root": empty,
  "no frequency": "<emailpreferences/>",
  "a frequency twice": "<emailpreferences><frequency>Daily</frequency><frequency>Daily</frequency></emailpreferences>",
  "an unknown element": "<emailpreferences><frequency>Daily</frequency><colour/></emailpreferences>",
  "labels with an element around them": wish(
    `<metadatanodes><metadatanode>${wrappedLabels}</metadatanode></metadatanodes>`,
  ),
  "modules without an element around them": wish(newsModule),
  "a module in the wrong list": wish(`<alertservices>${newsModule}</alertservices>`),
  "an id that is no number":
    "<emailpreferences><organisationid>three</organisationid><frequency>Daily</frequency></emailpreferences>",
  "an id that is empty": "<emailpreferences><organisationid/><frequency>Daily</frequency></emailpreferences>",
  "an id that is another's":
    "<emailpreferences><organisationid>4</organisationid><frequency>Daily</frequency></emailpreferences>",
  "a misspelt frequency": "<emailpreferences><frequency>Dayly</frequency></emailpreferences>",
};

describe("XML that is not what the organisations' contract takes", () => {
  for (const [what, body] of Object.entries(invalidForOrganisations)) {
    it(`${what} is 400`, async () => {
      assert.notEqual(organisationsError(await target.putOrganisation(body, bothXml), 400), "");
      await target.isUnchanged();
    });
  }
});

describe("XML that is too much", () => {
  it("10,000 levels are refused", async () => {
    for (const levels of [40, 10_000]) {
      const deep = "<a>".repeat(levels) + "</a>".repeat(levels);
      const status = (await target.putCustomer(`<request>${deep}</request>`, inXml)).status;
      assert.ok(status === 400 || status === 422, String(status));
      organisationsError(await target.putOrganisation(`<emailpreferences>${deep}</emailpreferences>`, inXml), 400);
    }
    await target.isUnchanged();
  });

  it("30,000 elements are refused", async () => {
    customersError(
      await target.putCustomer(`<request><preferences>${"<a/>".repeat(30_000)}</preferences></request>`, inXml),
      422,
    );
    await target.isUnchanged();
  });

  it("thousands of faults are answered soon, with a list that ends", async () => {
    const one = "<preference><category>x</category><channels/></preference>";
    const started = performance.now();
    const messages = customersError(
      await target.putCustomer(`<request><preferences>${one.repeat(3000)}</preferences></request>`, inXml),
      422,
    );
    const ms = performance.now() - started;
    assert.ok(messages.length <= 101, `${messages.length} faults`);
    assert.ok(ms < 1000, `it took ${Math.round(ms)} ms`);
    await target.isUnchanged();
  });

  it("a long root, a long attribute and many attributes are refused", async () => {
    customersError(await target.putCustomer(`<${"r".repeat(100_000)}/>`, inXml), 422);
    customersError(
      await target.putCustomer(`<request ${"a".repeat(100_000)}="x"><preferences/></request>`, inXml),
      422,
    );
    const attributes = Array.from({ length: 20_000 }, (_, n) => `a${n}="x"`).join(" ");
    const answer = await target.putCustomer(`<request ${attributes}><preferences/></request>`, inXml);
    assert.ok(customersError(answer, 422).length <= 101, `${answer.body.length} bytes`);
    await target.isUnchanged();
  });
});
