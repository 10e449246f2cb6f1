import assert from "node:assert/strict";
import { test } from "node:test";
import {
  organisation,
  organisationList,
  organisationReplacementRequest,
  organisationRequest,
  organisationSummary,
  user,
  userList,
  userReplacementRequest,
  userRequest,
  userSummary,
} from "./directory.ts";

const entry = {
  id: 5,
  email: "pat@example.com",
  name: { firstname: "Pat", lastname: "Lee", title: "" },
  organisation: 3,
};
const atom = 'xmlns:atom="http://www.w3.org/2005/Atom"';

test("a user's entry is printed in both formats and can be PUT as it is", () => {
  const json =
    '{"user":{"id":5,"email":"pat@example.com","name":{"firstname":"Pat","lastname":"Lee","title":""},"organisation":{"orgid":3}}}';
  const xml =
    "<user><id>5</id><email>pat@example.com</email><name><firstname>Pat</firstname><lastname>Lee</lastname><title/></name>" +
    "<organisation><orgid>3</orgid></organisation></user>";
  assert.equal(user.print(entry, "json"), json);
  assert.equal(user.print(entry, "xml"), xml);
  assert.deepEqual(userReplacementRequest.read(Buffer.from(json), "json"), { value: entry });
  assert.deepEqual(userReplacementRequest.read(Buffer.from(xml), "xml"), { value: entry });
});

test("a user without an e-mail address lacks the member, and can be PUT so but not added", () => {
  assert.equal(user.print({ id: 5 }, "json"), '{"user":{"id":5}}');
  const body = Buffer.from('{"user":{"id":"5"}}');
  assert.deepEqual(userReplacementRequest.read(body, "json"), { value: { id: 5 } });
  const reading = userRequest.read(body, "json");
  assert.deepEqual("faults" in reading && reading.faults, [
    { problem: "member-missing", path: ["email"], message: "is missing" },
  ]);
});

test("an organisation without a name lacks the member, and can be PUT so but not added", () => {
  assert.equal(organisation.print({ id: 3 }, "xml"), "<organisation><id>3</id></organisation>");
  assert.equal(
    organisation.print({ id: 3, name: "A & B" }, "xml"),
    "<organisation><id>3</id><name>A &amp; B</name></organisation>",
  );
  const body = Buffer.from("<organisation><id>3</id></organisation>");
  assert.deepEqual(organisationReplacementRequest.read(body, "xml"), { value: { id: 3 } });
  const reading = organisationRequest.read(body, "xml");
  assert.ok("faults" in reading);
  assert.deepEqual(
    reading.faults.map((fault) => organisationRequest.place(fault.path, body, "xml")),
    ["/organisation/name"],
  );
});

test("summaries have a link", () => {
  const link = "http://h/api/2/users/5";
  assert.equal(
    userSummary.print({ user: { id: 5, email: "a@b.c", link } }, "json"),
    `{"user":{"id":5,"email":"a@b.c","link":"${link}"}}`,
  );
  assert.equal(
    userSummary.print({ user: { id: 5, email: "a@b.c", link } }, "xml"),
    `<user ${atom}><id>5</id><email>a@b.c</email><atom:link rel="self" href="${link}"/></user>`,
  );
  assert.equal(
    organisationSummary.print({ organisation: { id: 3, name: "A", link: "l" } }, "xml"),
    `<organisation ${atom}><id>3</id><name>A</name><atom:link rel="self" href="l"/></organisation>`,
  );
});

test("lists have their totals around them", () => {
  const users = { totalcount: 23, total: 1, currentpage: 2, users: [{ id: 5, link: "l" }] };
  assert.equal(
    userList.print({ users }, "json"),
    '{"users":{"totalcount":23,"total":1,"currentpage":2,"users":[{"id":5,"link":"l"}]}}',
  );
  assert.equal(
    userList.print({ users }, "xml"),
    `<users ${atom}><totalcount>23</totalcount><total>1</total><currentpage>2</currentpage>` +
      '<users><user><id>5</id><atom:link rel="self" href="l"/></user></users></users>',
  );
  const organisations = { totalcount: 0, total: 0, currentpage: 0, organisations: [] };
  assert.equal(
    organisationList.print({ organisations }, "xml"),
    `<organisations ${atom}><totalcount>0</totalcount><total>0</total><currentpage>0</currentpage><organisations/></organisations>`,
  );
});
