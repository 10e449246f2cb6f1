import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import {
  organisationPreferences,
  organisationPreferencesRequest,
  organisationPreferencesSummary,
  organisationPreferencesView,
  userPreferences,
  userPreferencesRequest,
  userPreferencesSummary,
  userPreferencesView,
} from "./email-preferences.ts";

const chosen: EmailPreferences = {
  frequency: "Daily",
  nodes: [
    { node: "Countries", labels: ["Algeria", "Angola"] },
    { node: "American States", labels: [] },
  ],
  modules: [
    { name: "Publications", preference: "Include" },
    { name: "News", preference: "Custom", frequency: "Weekly", nodes: [{ node: "Countries", labels: ["Benin"] }] },
  ],
  alertServices: [{ name: "Email alert ABC", preference: "On" }],
};

const membersInJson =
  '"frequency":"Daily","metadatanodes":[{"node":"Countries","metadata":["Algeria","Angola"]},' +
  '{"node":"American States","metadata":[]}],"modules":[{"name":"Publications","preference":"Include"},' +
  '{"name":"News","preference":"Custom","frequency":"Weekly","metadatanodes":[{"node":"Countries","metadata":["Benin"]}]}],' +
  '"alertservices":[{"name":"Email alert ABC","preference":"On"}]';

const membersInXml =
  "<frequency>Daily</frequency><metadatanodes><metadatanode><node>Countries</node><metadata>Algeria</metadata>" +
  "<metadata>Angola</metadata></metadatanode><metadatanode><node>American States</node></metadatanode></metadatanodes>" +
  "<modules><module><name>Publications</name><preference>Include</preference></module><module><name>News</name>" +
  "<preference>Custom</preference><frequency>Weekly</frequency><metadatanodes><metadatanode><node>Countries</node>" +
  "<metadata>Benin</metadata></metadatanode></metadatanodes></module></modules><alertservices><alertservice>" +
  "<name>Email alert ABC</name><preference>On</preference></alertservice></alertservices>";

test("an organisation is shown with its id as a number, in both formats", () => {
  const view = organisationPreferencesView(3, chosen);
  assert.equal(organisationPreferences.print(view, "json"), `{"emailpreferences":{"organisation":3,${membersInJson}}}`);
  assert.equal(
    organisationPreferences.print(view, "xml"),
    `<emailpreferences><organisation>3</organisation>${membersInXml}</emailpreferences>`,
  );
});

test("a user is shown with its id as a number, in both formats", () => {
  const view = userPreferencesView(5, chosen);
  assert.equal(userPreferences.print(view, "json"), `{"emailpreferences":{"userid":5,${membersInJson}}}`);
  assert.equal(
    userPreferences.print(view, "xml"),
    `<emailpreferences><userid>5</userid>${membersInXml}</emailpreferences>`,
  );
});

test("who has chosen nothing is shown with frequency Never and empty lists", () => {
  const view = userPreferencesView(5, undefined);
  assert.equal(
    userPreferences.print(view, "json"),
    '{"emailpreferences":{"userid":5,"frequency":"Never","metadatanodes":[],"modules":[],"alertservices":[]}}',
  );
  assert.equal(
    userPreferences.print(view, "xml"),
    "<emailpreferences><userid>5</userid><frequency>Never</frequency><metadatanodes/><modules/><alertservices/></emailpreferences>",
  );
});

test("what GET shows can be PUT as it is, in both formats", () => {
  for (const format of ["json", "xml"] as const) {
    const organisation = Buffer.from(organisationPreferences.print(organisationPreferencesView(3, chosen), format));
    assert.deepEqual(organisationPreferencesRequest.read(organisation, format), { value: { wish: chosen, id: 3 } });
    const user = Buffer.from(userPreferences.print(userPreferencesView(5, chosen), format));
    assert.deepEqual(userPreferencesRequest.read(user, format), { value: { wish: chosen, id: 5 } });
  }
});

test("missing lists are empty ones, and a missing id is none", () => {
  const value = { wish: { frequency: "Daily", nodes: [], modules: [], alertServices: [] } };
  const json = Buffer.from('{"emailpreferences":{"frequency":"Daily"}}');
  const xml = Buffer.from("<emailpreferences><frequency>Daily</frequency></emailpreferences>");
  assert.deepEqual(organisationPreferencesRequest.read(json, "json"), { value });
  assert.deepEqual(userPreferencesRequest.read(xml, "xml"), { value });
});

test("an id is taken as a number or as digits, under either name", () => {
  for (const member of [
    '"organisationid":3',
    '"organisationid":"3"',
    '"organisation":3',
    '"organisation":"3","organisationid":3',
  ]) {
    const body = Buffer.from(`{"emailpreferences":{"frequency":"Daily",${member}}}`);
    const reading = organisationPreferencesRequest.read(body, "json");
    assert.equal("value" in reading && reading.value.id, 3, member);
  }
});

test("two ids that differ are refused", () => {
  const body = Buffer.from('{"emailpreferences":{"frequency":"Daily","organisation":3,"organisationid":4}}');
  const reading = organisationPreferencesRequest.read(body, "json");
  assert.deepEqual("faults" in reading && reading.faults, [
    { problem: "id-differs", path: ["organisation"], message: "is another id than organisationid" },
  ]);
});

test("a summary's link is an atom:link in XML, and is ignored when it is sent back", () => {
  const link = 'http://example.com/context/api/2/organisations/3/emailpreferences?a=1&b="2"';
  const value = { emailpreferences: { organisationid: 3, link } };
  assert.equal(
    organisationPreferencesSummary.print(value, "json"),
    `{"emailpreferences":{"organisationid":3,"link":${JSON.stringify(link)}}}`,
  );
  const xml = organisationPreferencesSummary.print(value, "xml");
  assert.equal(
    xml,
    '<emailpreferences xmlns:atom="http://www.w3.org/2005/Atom"><organisationid>3</organisationid><atom:link rel="self" ' +
      'href="http://example.com/context/api/2/organisations/3/emailpreferences?a=1&amp;b=&quot;2&quot;"/></emailpreferences>',
  );
  const sentBack = Buffer.from(xml.replace("<atom:link", "<frequency>Daily</frequency><atom:link"));
  assert.ok("value" in organisationPreferencesRequest.read(sentBack, "xml"));
  assert.deepEqual(
    userPreferencesSummary.read(
      Buffer.from(userPreferencesSummary.print({ emailpreferences: { userid: 5, link } }, "xml")),
      "xml",
    ),
    {
      value: { emailpreferences: { userid: 5, link } },
    },
  );
});

test("places are printed by the wire's names, whatever the domain calls them", () => {
  const json = Buffer.from("{}");
  const xml = Buffer.from("<!-- <x> --><p:emailpreferences>");
  const places = [
    [["nodes", 0, "labels", 1], "/metadatanodes/0/metadata/1", "/metadatanodes/metadatanode[1]/metadata[2]"],
    [
      ["modules", 2, "nodes", 0, "node"],
      "/modules/2/metadatanodes/0/node",
      "/modules/module[3]/metadatanodes/metadatanode[1]/node",
    ],
    [["alertServices", 0, "name"], "/alertservices/0/name", "/alertservices/alertservice[1]/name"],
    [["frequency"], "/frequency", "/frequency"],
    [["id"], "/organisationid", "/organisationid"],
  ] as const;
  for (const [path, pointer, xpath] of places) {
    assert.equal(organisationPreferencesRequest.place(path, json, "json"), `/emailpreferences${pointer}`);
    assert.equal(organisationPreferencesRequest.place(path, xml, "xml"), `/emailpreferences${xpath}`);
  }
  assert.equal(organisationPreferencesRequest.place([], json, "json"), "");
});

test("an unknown member that is named like a word of the domain is named in the message", () => {
  const body = Buffer.from(
    '{"emailpreferences":{"frequency":"Daily","modules":[{"name":"a","preference":"b","nodes":[]}]}}',
  );
  const reading = organisationPreferencesRequest.read(body, "json");
  const message = 'holds "nodes", which is not a member here; known: name, preference, frequency, metadatanodes';
  assert.deepEqual("faults" in reading && reading.faults, [
    { problem: "member-unknown", path: ["modules", 0], message },
  ]);
});
