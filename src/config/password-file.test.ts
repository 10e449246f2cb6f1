import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { temporaryFolder } from "../../test/support/service.ts";
import { withPassword } from "./password-file.ts";
import { readSettings } from "./settings.ts";

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());

/** The environment in which the lines are the password file. */
function envOf(lines: readonly string[], mode = 0o600): NodeJS.ProcessEnv {
  const file = join(folder.path, ".pgpass");
  writeFileSync(file, lines.join("\n"));
  chmodSync(file, mode);
  return { PGPASSFILE: file };
}

/** The password with which an address is left, decoded. */
function passwordOf(address: string, env: NodeJS.ProcessEnv): string {
  return decodeURIComponent(new URL(withPassword(address, env)).password);
}

describe("the password file", () => {
  it("gives the password of the first line that fits", () => {
    const env = envOf([
      "# a:1:d:u:no",
      "",
      "a:5432:d:u:one",
      "a:*:d:u:two",
      "*:*:*:u:three",
      "[::1]:*",
      "half:1",
      "*::*:v:*:no",
      "*:*:*:v:",
    ]);
    assert.equal(passwordOf("postgres://u@a/d", env), "one");
    assert.equal(passwordOf("postgres://u@a:5433/d?sslmode=require", env), "two");
    assert.equal(passwordOf("postgresql://u@b/x", env), "three");
    for (const none of ["postgres://v@a/d", "./d.db"]) assert.equal(withPassword(none, env), none);
  });

  it("may hold any letters: its colons and backslashes stand behind a backslash", () => {
    const env = envOf([String.raw`\:\:1:5432:d\\e:u:p\:a\\s/s@w%zz ö`, "*:*:*:w:two\r", ""]);
    assert.equal(passwordOf("postgres://u@[::1]/d%5Ce", env), String.raw`p:a\s/s@w%zz ö`);
    assert.equal(passwordOf("postgres://w@a/d", env), "two");
  });

  it("takes user and port from where the driver takes them, and lies in the home folder unless it is named", () => {
    envOf(["a:5433:d:u:one"]);
    const env = { HOME: folder.path, PGPORT: "5433" };
    assert.equal(passwordOf("postgres://a/d", { ...env, USER: "u" }), "one");
    assert.equal(passwordOf("postgres://a/d", { ...env, PGUSER: "u", USER: "v" }), "one");
    const settings = readSettings({ ...env, USER: "u", SAYWHEN_DATABASE: "postgres://a/d" });
    assert("settings" in settings);
    assert.equal(settings.settings.database, "postgres://:one@a/d");
  });

  it("counts for nothing where a password is given, where others may read it, and where it is not there", () => {
    const env = envOf(["*:*:*:*:one"]);
    assert.equal(passwordOf("postgres://u:own@a/d", env), "own");
    assert.equal(passwordOf("postgres://u@a/d", { ...env, PGPASSWORD: "own" }), "");
    assert.equal(passwordOf("postgres://u@a/d", envOf(["*:*:*:*:one"], 0o640)), "");
    assert.equal(passwordOf("postgres://u@a/d", { PGPASSFILE: join(folder.path, "none") }), "");
    assert.equal(passwordOf("postgres://u@a/d", {}), "");
  });
});
