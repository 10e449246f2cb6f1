import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shownDatabase } from "./readers.ts";
import { readSettings, type Settings, settingsTable } from "./settings.ts";

function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const answer = readSettings(env);
  if ("faults" in answer) assert.fail(answer.faults.join("\n"));
  return answer.settings;
}

function faultsOf(env: NodeJS.ProcessEnv): string[] {
  const answer = readSettings(env);
  return "faults" in answer ? answer.faults : [];
}

describe("settings", () => {
  it("have their defaults when nothing is set, or set to nothing", () => {
    const { catalogue, ...rest } = settingsOf({ PATH: "/bin", SAYWHEN_PORT: "" });
    assert.deepEqual(rest, {
      host: "127.0.0.1",
      port: 8080,
      database: "./data/saywhen.db",
      databaseRead: undefined,
      key: "./data/saywhen.db.key",
      baseUrl: undefined,
      context: "",
      adminToken: undefined,
      index: "on",
      subjects: "open",
      customerPut: "merge",
      rateLimit: 0,
      logLevel: "info",
      url: "http://127.0.0.1:8080",
      token: undefined,
    });
    assert.match(catalogue, /catalogue\.yaml$/);
  });

  it("print the default that they have", () => {
    for (const row of Object.values(settingsTable)) {
      const value = row.unset({ port: 8080, database: "the.db" });
      if (typeof value === "number" || (value && row.variable !== "SAYWHEN_CATALOGUE")) {
        const standard = row.standard
          .replace(/:port$/, ":8080")
          .replace(/^the database file with `(.*)` .*/, "the.db$1");
        assert.equal(standard, String(value));
      }
    }
  });

  it("take a replica for PostgreSQL alone, and print none of its address", () => {
    const replica = "postgres://saywhen:secret@replica.example.org/saywhen";
    const database = "postgres://saywhen:secret@db.example.org/saywhen";
    const settings = settingsOf({ SAYWHEN_DATABASE: database, SAYWHEN_DATABASE_READ: replica });
    assert.equal(settings.databaseRead, replica);
    for (const text of ["replica.db", "https://replica.example.org", "postgres:secret"]) {
      assert.deepEqual(faultsOf({ SAYWHEN_DATABASE: database, SAYWHEN_DATABASE_READ: text }), [
        `SAYWHEN_DATABASE_READ must be ${settingsTable.databaseRead.values}.`,
      ]);
    }
    const [fault = "", ...others] = faultsOf({ SAYWHEN_DATABASE_READ: replica });
    assert.match(fault, /^SAYWHEN_DATABASE_READ is for a replica of PostgreSQL; SAYWHEN_DATABASE must be/);
    assert.deepEqual([fault.includes("secret"), others], [false, []]);
  });

  it("are read from their variables", () => {
    const token = "a".repeat(32);
    const settings = settingsOf({
      SAYWHEN_HOST: "::1",
      SAYWHEN_PORT: "0",
      SAYWHEN_DATABASE: "/var/lib/saywhen/words.db",
      SAYWHEN_KEY: "/var/lib/saywhen/log.key",
      SAYWHEN_BASE_URL: "https://say.example.org/when/",
      SAYWHEN_CONTEXT: "/context/",
      SAYWHEN_ADMIN_TOKEN: token,
      SAYWHEN_CATALOGUE: "ours.yaml",
      SAYWHEN_INDEX: "off",
      SAYWHEN_SUBJECTS: "registered",
      SAYWHEN_CUSTOMER_PUT: "replace",
      SAYWHEN_RATE_LIMIT: "50",
      SAYWHEN_LOG_LEVEL: "debug",
      SAYWHEN_URL: "http://10.0.0.7:8080",
      SAYWHEN_TOKEN: "t",
    });
    assert.deepEqual(settings, {
      host: "::1",
      port: 0,
      database: "/var/lib/saywhen/words.db",
      databaseRead: undefined,
      key: "/var/lib/saywhen/log.key",
      baseUrl: "https://say.example.org/when",
      context: "/context",
      adminToken: token,
      catalogue: "ours.yaml",
      index: "off",
      subjects: "registered",
      customerPut: "replace",
      rateLimit: 50,
      logLevel: "debug",
      url: "http://10.0.0.7:8080",
      token: "t",
    });
  });

  const refused: [keyof typeof settingsTable, string[]][] = [
    ["host", ["http://a", "a:8080", "[::1]", "a b", "-a", "/a"]],
    ["port", ["65536", "-1", "8080.0", "0x50", "eighty", " 80", "1e3"]],
    ["database", ["postgres:u:hidden@h", "postgresql://", "mysql://h/d", ":memory:", "file:x?mode=memory", "a\0b"]],
    ["key", [":memory:", "file:x", "https://example.org/log.key"]],
    ["baseUrl", ["say.example.org", "ftp://a", "http://", "http://u:p@a", "http://a?b", "http://a#b", "http://a b"]],
    ["context", ["a//b", "..", "a/../b", ".", "a b", "a%2fb", "//"]],
    ["adminToken", ["a".repeat(31), `${"a".repeat(32)} b`, "ä".repeat(32)]],
    ["catalogue", ["https://example.org/catalogue.yaml"]],
    ["index", ["ON", "no", "memory"]],
    ["subjects", ["Open", "closed"]],
    ["customerPut", ["MERGE", "no"]],
    ["rateLimit", ["-1", "1000001", "1.5", "ten"]],
    ["logLevel", ["INFO", "verbose"]],
    ["url", ["127.0.0.1:8080", "localhost"]],
    ["token", ["a b", "é"]],
  ];
  for (const [name, texts] of refused) {
    const row = settingsTable[name];
    it(`refuse a ${row.variable} that is not ${row.values}`, () => {
      for (const text of texts) {
        const [fault, ...others] = faultsOf({ [row.variable]: text });
        assert.deepEqual(others, []);
        assert.ok(fault?.startsWith(`${row.variable} must be ${row.values}`), `${text}: ${fault}`);
      }
    });
  }

  it("refuse with every fault at once", () => {
    const faults = faultsOf({ SAYWHEN_PORT: "many", SAYWHEN_SUBJECTS: "all", SAYWHEN_PROT: "80" });
    assert.deepEqual(faults, [
      'SAYWHEN_PORT must be a whole number from 0 to 65535; it is "many".',
      'SAYWHEN_SUBJECTS must be `open` or `registered`; it is "all".',
      "SAYWHEN_PROT is not a setting; did you mean SAYWHEN_PORT?",
    ]);
  });

  it("name the nearest setting to an unknown variable only when one is near", () => {
    assert.deepEqual(faultsOf({ SAYWHEN_COLOUR_OF_THE_PAGE: "red", SAYWHEN_ADMINTOKEN: "x" }), [
      "SAYWHEN_ADMINTOKEN is not a setting; did you mean SAYWHEN_ADMIN_TOKEN?",
      "SAYWHEN_COLOUR_OF_THE_PAGE is not a setting; docs/config.md lists those there are.",
    ]);
  });

  it("never repeat a secret in a fault", () => {
    const secrets = {
      SAYWHEN_ADMIN_TOKEN: "hidden",
      SAYWHEN_TOKEN: "hidden one",
      SAYWHEN_DATABASE: "postgres://u:hidden@",
    };
    const faults = faultsOf(secrets);
    assert.equal(faults.length, 3);
    assert.ok(!faults.join("\n").includes("hidden"));
  });

  it("take a database of PostgreSQL, by either of its schemes", () => {
    const addresses = [
      "postgres://u:hidden@h:5432/d?sslmode=require",
      "postgresql://h/d",
      "postgres://u:%2F%40@[::1]/d",
    ];
    for (const database of addresses) {
      assert.equal(settingsOf({ SAYWHEN_DATABASE: database }).database, database);
    }
    assert.equal(settingsOf({ SAYWHEN_DATABASE: "POSTGRES://U@H/D" }).database, "postgres://U@H/D");
  });

  it("refuse an address that leaves open where the password ends, or what is meant, and repeat none of it", () => {
    const texts = [
      "postgres://saywhen:12/hidden@127.0.0.1:55415/saywhen",
      "postgres://saywhen:12?hidden@127.0.0.1/saywhen",
      "postgres://saywhen:x@ab/hidden@127.0.0.1/saywhen",
      "postgres://saywhen:a@b/c#d%zzhidden@127.0.0.1/saywhen",
      "postgres://saywhen:a#hidden@127.0.0.1/saywhen",
      "postgres://saywhen:a@hidden@127.0.0.1/saywhen",
      "postgres://saywhen:hidden%zz@127.0.0.1/saywhen",
      "postgres://saywhen:hidden%ff@127.0.0.1/saywhen",
      "postgres://saywhen:hidden@127.0.0.1:65536/saywhen",
      "postgres://saywhen:hidden@127.0.0.1/",
      "postgres://saywhen:hidden@127.0.0.1",
      "postgres://saywhen:hidden@/saywhen?host=/socket",
      "postgres:///saywhen?host=/hidden",
      "postgres://h/saywhen?host=hidden",
      "postgres://h/saywhen?password=hidden",
      "postgre://saywhen:hidden@127.0.0.1/saywhen",
      "host=127.0.0.1 password=hidden dbname=saywhen",
      "user=saywhen password = hidden",
    ];
    for (const text of texts) {
      const faults = faultsOf({ SAYWHEN_DATABASE: text });
      assert.deepEqual(faults, [`SAYWHEN_DATABASE must be ${settingsTable.database.values}.`], text);
    }
  });

  it("show a database by its path, or by host, port and name alone", () => {
    assert.equal(shownDatabase("./data/saywhen.db"), "./data/saywhen.db");
    assert.equal(shownDatabase("postgres://u:hidden@h/d?sslmode=require"), "postgres://h:5432/d");
    assert.equal(shownDatabase("postgresql://u:hidden@h:6432/d"), "postgres://h:6432/d");
  });
});
