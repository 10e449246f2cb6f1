import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { customersError, organisationsError, problemDetails, textsOf } from "./support/errors.ts";
import { inProcess } from "./support/exchange.ts";
import { converse } from "./support/raw.ts";
import { adminToken, startInProcess } from "./support/service.ts";
import { credentials, customerPath, organisationPath, rawRequest, startTarget, type Target } from "./support/target.ts";

// Requests whose token, headers, path or method are not what they should be, over a real socket.

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const empty = '{"preferences":[]}';
const daily = '{"emailpreferences":{"frequency":"Daily"}}';

const isJson = "Content-Type: application/json";
const lengthOf = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}`;
const putLine = `PUT ${customerPath} HTTP/1.1`;

describe("who asks", () => {
  for (const [what, authorization] of Object.entries({
    "no token": "",
    "an empty token": "Bearer ",
    "a wrong token": "Bearer wrong",
    "a token with a space in it": `Bearer ${adminToken} x`,
    "half a token": `Bearer ${adminToken.slice(0, -1)}`,
    "another scheme": `Token ${adminToken}`,
    "the token alone": adminToken,
    "a token with bytes above 127": "Bearer \u00e9\u00ff",
  })) {
    it(`${what} is 401 in each shape, with a challenge, and nothing of the token in the answer`, async () => {
      const headers = { Authorization: authorization };
      const answers = [
        await target.putCustomer(empty, headers),
        await target.putOrganisation(daily, headers),
        await target.get("/v1/clients", headers),
      ] as const;
      customersError(answers[0], 401);
      organisationsError(answers[1], 401);
      problemDetails(answers[2], 401);
      for (const { headers: received, body } of answers) {
        assert.match(received["www-authenticate"] ?? "", /^Bearer realm="saywhen"/);
        assert.ok(!body.includes(adminToken.slice(0, 10)));
      }
      await target.isUnchanged();
    });
  }

  it("a token that stands there twice is refused", async () => {
    const { statuses } = await converse(target.running.url, [
      rawRequest(`GET ${customerPath} HTTP/1.1`, [`Authorization: Bearer ${adminToken}`, "Connection: close"]),
    ]);
    // Node keeps the first Authorization of several, which is right: never a mixture of both.
    assert.ok([200, 400, 401].includes(statuses[0] ?? 0), String(statuses));
  });

  it("another client's ClientId, or one in another letter case, is 401", async () => {
    for (const ClientId of ["crm", "ADMIN", "admin ,admin", "admin\u00e9"]) {
      customersError(await target.putCustomer(empty, { ClientId }), 401);
    }
    await target.isUnchanged();
  });

  it("an expired token is 401", async () => {
    mock.timers.enable({ apis: ["Date"], now: Date.UTC(2030, 0, 1) });
    try {
      await using running = await startInProcess();
      const send = inProcess(running.service.server);
      const form = `grant_type=client_credentials&client_id=admin&client_secret=${adminToken}`;
      const headers = [["Content-Type", "application/x-www-form-urlencoded"]] as const;
      const issued = await send({ method: "POST", target: "/oauth2/token", headers, body: form });
      const { access_token: token } = JSON.parse(issued.body) as { access_token: string };
      const get = () =>
        send({ method: "GET", target: customerPath, headers: credentials({ Authorization: `Bearer ${token}` }) });
      assert.equal((await get()).status, 200);
      mock.timers.setTime(Date.UTC(2030, 0, 1, 0, 59, 59));
      assert.equal((await get()).status, 200);
      mock.timers.setTime(Date.UTC(2030, 0, 1, 1, 0, 0));
      const expired = await get();
      customersError(expired, 401);
      assert.match(expired.headers["www-authenticate"] ?? "", /error="invalid_token"/);
    } finally {
      mock.timers.reset();
    }
  });
});

describe("the contract's own headers", () => {
  it("missing or empty, they are 400, each named", async () => {
    for (const [headers, names] of [
      [{ "Request-Tracking-Id": "" }, ["Request-Tracking-Id"]],
      [{ ClientId: "" }, ["ClientId"]],
      [{ ClientId: "", "Request-Tracking-Id": "" }, ["Request-Tracking-Id", "ClientId"]],
    ] as const) {
      const messages = customersError(await target.putCustomer(empty, headers), 400);
      assert.deepEqual(
        messages.map((message) => message.split(":")[0]),
        names,
      );
    }
    for (const header of ["Request-Tracking-Id:", "Request-Tracking-Id:  \t "]) {
      const lines = [
        `Authorization: Bearer ${adminToken}`,
        "ClientId: admin",
        header,
        isJson,
        lengthOf(empty),
        "Connection: close",
      ];
      const { statuses } = await converse(target.running.url, [
        `${putLine}\r\nHost: x\r\n${lines.join("\r\n")}\r\n\r\n${empty}`,
      ]);
      assert.deepEqual(statuses, [400]);
    }
    await target.isUnchanged();
  });

  it("repeated, in whatever letter case, they are 400", async () => {
    for (const header of ["Request-Tracking-Id: 1", "request-tracking-id: 2", "CLIENTID: admin", "ClientId: crm"]) {
      const conversation = await converse(target.running.url, [
        rawRequest(putLine, [header, isJson, lengthOf(empty), "Connection: close"], empty),
      ]);
      assert.deepEqual(conversation.statuses, [400], header);
    }
    await target.isUnchanged();
  });

  it("a tracking id that is too long is 400; what it holds is data in both formats", async () => {
    customersError(await target.putCustomer(empty, { "Request-Tracking-Id": "x".repeat(5000) }), 400);
    await target.isUnchanged();
    const odd = `<a>&"b'\\ {}]]>`;
    const inJson = await target.get(customerPath, { "Request-Tracking-Id": odd });
    assert.equal((JSON.parse(inJson.body) as { request_tracking_id: string }).request_tracking_id, odd);
    const inXml = await target.get(customerPath, { "Request-Tracking-Id": odd, Accept: "application/xml" });
    assert.deepEqual(textsOf(inXml.body, "request_tracking_id"), [odd]);
  });
});

describe("ids that are none", () => {
  const ids = [
    "abc",
    "12a",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "123456789012345678901",
    "1%2F2",
    "%00",
    "%0A1",
    "1%0A",
    "%EF%BC%91",
    "1%20",
    "..%2F1",
    "1;x=1",
    "0x10",
    "'1'",
  ];

  for (const id of [...ids, "9".repeat(700), "9".repeat(2000), "%", "%zz", "%C0%80"]) {
    it(`${id.slice(0, 24)} is 404 for customers and organisations`, async () => {
      customersError(await target.get(`/v1/customers/${id}/communication-preferences`), 404);
      customersError(await target.get(`/api/v1/customers/${id}/communication-preferences`), 404);
      organisationsError(await target.get(`/api/2/organisations/${id}/emailpreferences`), 404);
      const put = await target.send({
        method: "PUT",
        target: `/v1/customers/${id}/communication-preferences`,
        headers: credentials({ "Content-Type": "application/json" }),
        body: empty,
      });
      customersError(put, 404);
      await target.isUnchanged();
    });
  }

  it("zero, a leading zero and 16 digits are 404 for organisations and users", async () => {
    for (const id of ["0", "03", "1000000000000000", "99999999999999999999"]) {
      organisationsError(await target.get(`/api/2/organisations/${id}/emailpreferences`), 404);
      organisationsError(await target.get(`/api/2/users/${id}/emailpreferences`), 404);
    }
  });

  it("an e-mail address that is none is 404 for users", async () => {
    for (const name of [
      "@",
      "a@",
      "@b",
      "a@b@c",
      "a%20b@c.example",
      "%00@c.example",
      "a%2Fb%40c.example%2F",
      `${"a".repeat(65)}@c.example`,
    ]) {
      organisationsError(await target.get(`/api/2/users/${name}/emailpreferences`), 404);
      const put = {
        method: "PUT",
        target: `/api/2/users/${name}/emailpreferences`,
        headers: credentials(),
        body: daily,
      };
      organisationsError(await target.send(put), 404);
    }
    await target.isUnchanged();
  });
});

describe("methods", () => {
  for (const method of ["POST", "PATCH", "DELETE", "TRACE", "PROPFIND", "LOCK"]) {
    it(`${method} is 405 with Allow in each shape`, async () => {
      const ask = (path: string) => target.send({ method, target: path, headers: credentials() });
      const answers = [await ask(customerPath), await ask(organisationPath), await ask("/readyz")] as const;
      customersError(answers[0], 405);
      organisationsError(answers[1], 405);
      problemDetails(answers[2], 405);
      assert.deepEqual(
        answers.map(({ headers }) => headers["allow"]),
        ["GET, HEAD, OPTIONS, PUT", "GET, HEAD, OPTIONS, PUT", "GET, HEAD, OPTIONS"],
      );
      await target.isUnchanged();
    });
  }
});

describe("Content-Type, Content-Encoding, Accept", () => {
  const json = { "Content-Type": "application/json" };
  for (const headers of [
    { "Content-Type": "text/plain" },
    { "Content-Type": "application/jsonx" },
    { "Content-Type": "application/x-www-form-urlencoded" },
    { "Content-Type": "multipart/form-data; boundary=x" },
    { "Content-Type": "json" },
    { "Content-Type": "/" },
    { "Content-Type": ";" },
    { "Content-Type": "application/json; charset=utf-16" },
    { "Content-Type": "application/json; charset=latin1" },
    { "Content-Type": "application/xml; charset=windows-1252" },
    { ...json, "Content-Encoding": "gzip" },
    { ...json, "Content-Encoding": "identity, gzip" },
  ]) {
    it(`${Object.values(headers).join(", ")} is 415`, async () => {
      customersError(await target.putCustomer(empty, headers), 415);
      organisationsError(await target.putOrganisation(daily, headers), 415);
      await target.isUnchanged();
    });
  }

  it("no Content-Type is 415 for customers", async () => {
    customersError(await target.putCustomer(empty, { "Content-Type": "" }), 415);
    await target.isUnchanged();
  });

  for (const Accept of ["text/html", "application/pdf, image/*", "application/json;q=0", "application/yaml"]) {
    it(`Accept: ${Accept} is 406, and nothing is recorded`, async () => {
      customersError(await target.putCustomer(empty, { Accept }), 406);
      organisationsError(await target.putOrganisation(daily, { Accept }), 406);
      await target.isUnchanged();
    });
  }

  it("an Accept that makes no sense is an error of the request or is as good as none", async () => {
    for (const Accept of [",", ";;;", "*/json", "a".repeat(5000), "application/json;q=x"]) {
      const { status } = await target.get(customerPath, { Accept });
      assert.ok([200, 400, 406].includes(status), `${Accept.slice(0, 20)}: ${status}`);
    }
  });
});
