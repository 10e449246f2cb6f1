import assert from "node:assert/strict";
import { test } from "node:test";
import { type Catalogue, openCatalogue } from "../domain/catalogue.ts";
import type { Selection } from "../domain/customer-preferences.ts";
import {
  acknowledgement,
  type CustomerRequest,
  categories,
  customerPreferencesRequest,
  customerPreferencesResponse,
  customerPreferencesView,
  printCustomerPreferences,
} from "./customer-preferences.ts";

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';

const request: CustomerRequest = {
  wish: {
    preferences: [
      {
        category: "Service Exception",
        channels: [{ name: "Text", selections: [{ type: "BPHONE", value: "1233454567", choice: "opted-in" }] }],
      },
    ],
  },
  modifiedBy: "johnm",
};

/** The seed page's own body, spaces included. */
const seedBody = `{    "preferences": [        {            "category": "Service Exception",            "channels": [                {
  "name": "Text",                     "selections": [                        {                            "value": "1233454567",
  "type": "BPHONE",                            "is_opt_in": "Y"                        }                    ]                }
  ]        }    ]    ,      "audit_info": {        "modified_by": "johnm"  }}`;

test("the seed's body is read", () => {
  assert.deepEqual(customerPreferencesRequest.read(Buffer.from(seedBody), "json"), { value: request });
});

test("a request is printed and read in both formats", () => {
  const json =
    '{"preferences":[{"category":"Service Exception","channels":[{"name":"Text","selections":' +
    '[{"value":"1233454567","type":"BPHONE","is_opt_in":"Y"}]}]}],"audit_info":{"modified_by":"johnm"}}';
  const xml =
    `${declaration}<request><preferences><preference><category>Service Exception</category><channels><channel>` +
    "<name>Text</name><selections><selection><value>1233454567</value><type>BPHONE</type><is_opt_in>Y</is_opt_in>" +
    "</selection></selections></channel></channels></preference></preferences>" +
    "<audit_info><modified_by>johnm</modified_by></audit_info></request>";
  assert.equal(customerPreferencesRequest.print(request, "json"), json);
  assert.equal(customerPreferencesRequest.print(request, "xml"), xml);
  assert.deepEqual(customerPreferencesRequest.read(Buffer.from(xml), "xml"), { value: request });
});

test("no preferences may be sent as an empty list, and who changes them may be left out", () => {
  const empty = { value: { wish: { preferences: [] } } };
  assert.deepEqual(customerPreferencesRequest.read(Buffer.from('{"preferences":[]}'), "json"), empty);
  assert.deepEqual(customerPreferencesRequest.read(Buffer.from("<request><preferences/></request>"), "xml"), empty);
});

const catalogue: Catalogue = {
  version: 1,
  channels: [word("Text"), word("Email"), word("Voice")],
  types: [
    { ...word("BPHONE"), channels: ["Text", "Voice"], kind: "phone" },
    { ...word("BEMAIL"), channels: ["Email"], kind: "email" },
  ],
  categories: [
    { ...word("Service Notification"), enabled: true, essential: false },
    { ...word("Service Exception"), enabled: false, essential: false },
  ],
  frequencies: [],
  nodes: [],
  modules: [],
  alertServices: [],
  timeZones: {},
};

function word(name: string) {
  return { name, retired: false };
}

function selection(category: string, channel: string, type: string, choice: Selection["choice"]): Selection {
  const times = { createdAt: "2026-03-03T14:05:06.789Z", modifiedAt: "2026-03-04T00:00:00.000Z" };
  return { category, channel, type, choice, ...times, createdBy: "ann", modifiedBy: "bob", normal: "x", value: "v" };
}

test("a customer is shown in the catalogue's order, with times in the contract's form", () => {
  const selections = [
    selection("Service Exception", "Voice", "BPHONE", "opted-out"),
    selection("Service Exception", "Text", "BPHONE", "opted-in"),
    selection("Service Notification", "Email", "BEMAIL", "opted-out"),
  ];
  const audit_info = {
    created_by: "ann",
    created_date_time: "2026-03-03 14:05:06.7",
    modified_by: "bob",
    modified_date_time: "2026-03-04 00:00:00.0",
  };
  const shown = (name: string, type: string, is_opt_in: "N" | "Y") => {
    return { name, is_opt_in, selections: [{ value: "v", type, is_opt_in, audit_info }] };
  };
  assert.deepEqual(customerPreferencesView({ selections }, openCatalogue(catalogue), "12"), {
    request_tracking_id: "12",
    preferences: [
      { category: "Service Notification", is_category_enabled: "Y", channels: [shown("Email", "BEMAIL", "N")] },
      {
        category: "Service Exception",
        is_category_enabled: "N",
        channels: [shown("Text", "BPHONE", "Y"), shown("Voice", "BPHONE", "N")],
      },
    ],
  });
});

test("a channel is opted in when one of its selections is", () => {
  const selections = [
    selection("Service Exception", "Text", "BPHONE", "opted-out"),
    selection("Service Exception", "Text", "gone", "opted-in"),
  ];
  const [preference] = customerPreferencesView({ selections }, openCatalogue(catalogue), "12").preferences;
  assert.equal(preference?.channels.length, 1);
  assert.equal(preference?.channels[0]?.is_opt_in, "Y");
});

test("a customer who has chosen nothing is shown with an empty list", () => {
  const view = customerPreferencesView({ selections: [] }, openCatalogue(catalogue), "12");
  assert.equal(customerPreferencesResponse.print(view, "json"), '{"request_tracking_id":"12","preferences":[]}');
  assert.equal(
    customerPreferencesResponse.print(view, "xml"),
    `${declaration}<response><request_tracking_id>12</request_tracking_id><preferences/></response>`,
  );
});

test("what is printed once for several requests is what printing it anew gives, under each catalogue", () => {
  const document = { selections: [selection("Service Exception", "Text", "BPHONE", "opted-in")] };
  const retired = { ...catalogue, categories: catalogue.categories.toReversed() };
  for (const words of [openCatalogue(catalogue), openCatalogue(retired), openCatalogue(catalogue)]) {
    for (const trackingId of ["12", 'a "quoted" \\ one', "12"]) {
      const view = customerPreferencesView(document, words, trackingId);
      for (const format of ["json", "xml"] as const) {
        const anew = customerPreferencesResponse.print(view, format);
        assert.equal(printCustomerPreferences(document, words, trackingId, format), anew);
      }
    }
  }
});

test("what GET shows can be PUT as it is, in both formats", () => {
  const selections = [selection("Service Exception", "Text", "BPHONE", "opted-in")];
  const view = customerPreferencesView({ selections }, openCatalogue(catalogue), "12");
  const wish = {
    preferences: [
      {
        category: "Service Exception",
        channels: [{ name: "Text", selections: [{ type: "BPHONE", value: "v", choice: "opted-in" }] }],
      },
    ],
  };
  for (const format of ["json", "xml"] as const) {
    const body = Buffer.from(customerPreferencesResponse.print(view, format));
    assert.deepEqual(customerPreferencesRequest.read(body, format), { value: { wish } });
  }
});

test("an acknowledgement is printed in the contract's order", () => {
  const value = { request_tracking_id: "12", status: "Success" } as const;
  assert.equal(acknowledgement.print(value, "json"), '{"status":"Success","request_tracking_id":"12"}');
  assert.equal(
    acknowledgement.print(value, "xml"),
    `${declaration}<response><status>Success</status><request_tracking_id>12</request_tracking_id></response>`,
  );
});

test("the categories are printed as a list", () => {
  const value = { request_tracking_id: "7", categories: [{ category: "A" }, { category: "B" }] };
  assert.equal(
    categories.print(value, "json"),
    '{"request_tracking_id":"7","categories":[{"category":"A"},{"category":"B"}]}',
  );
  assert.equal(
    categories.print(value, "xml"),
    `${declaration}<response><request_tracking_id>7</request_tracking_id><categories><category><category>A</category>` +
      "</category><category><category>B</category></category></categories></response>",
  );
});
