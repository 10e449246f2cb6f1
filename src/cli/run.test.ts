import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Command, CommandFailure } from "./command.ts";
import { run } from "./run.ts";

const greet: Command = {
  name: "greet",
  usage: "saywhen greet <name>",
  summary: "Greet somebody.",
  run: async ([name], { print, settings }) => {
    if (name === undefined) throw new CommandFailure("Whom?", 2);
    if (name === "nobody") throw new CommandFailure("Nobody is there.");
    if (name === "bug") throw new TypeError("name is not a function");
    print(`Hello ${name} at ${settings.url}`);
    return 0;
  },
};
const leave: Command = { ...greet, name: "leave", summary: "Leave.", run: async () => 1 };

async function call(words: string[], env = {}): Promise<{ exitCode: number; printed: string; told: string }> {
  const [printed, told]: [string[], string[]] = [[], []];
  const exitCode = await run(words, [greet, leave], {
    env,
    print: (line) => printed.push(line),
    tell: (line) => told.push(line),
    openDatabase: () => assert.fail("no command asked for it"),
    openRecords: () => assert.fail("no command asked for it"),
  });
  return { exitCode, printed: printed.join("\n"), told: told.join("\n") };
}

describe("saywhen", () => {
  it("carries out the command, with the settings", async () => {
    assert.deepEqual(await call(["greet", "Ann"]), {
      exitCode: 0,
      printed: "Hello Ann at http://127.0.0.1:8080",
      told: "",
    });
    assert.equal((await call(["leave"])).exitCode, 1);
  });

  it("says what there is, on --help and when nothing is asked for", async () => {
    for (const words of [["--help"], ["-h"], ["help"]]) {
      const { exitCode, printed } = await call(words);
      assert.equal(exitCode, 0);
      assert.match(printed, / {2}greet {2}Greet somebody\.\n {2}leave {2}Leave\./);
    }
    const { exitCode, told, printed } = await call([]);
    assert.deepEqual([exitCode, printed], [2, ""]);
    assert.match(told, /greet {2}Greet somebody/);
  });

  it("says more about one command, without carrying it out or reading settings", async () => {
    for (const words of [
      ["greet", "--help"],
      ["greet", "nobody", "-h"],
      ["help", "greet"],
      ["--help", "greet"],
    ]) {
      const { exitCode, printed } = await call(words, { SAYWHEN_PORT: "none" });
      assert.deepEqual([exitCode, printed], [0, "Greet somebody.\n\nsaywhen greet <name>"]);
    }
  });

  it("prints its version", async () => {
    assert.match((await call(["--version"])).printed, /^\d+\.\d+\.\d+/);
  });

  it("names the nearest command to one that it does not know", async () => {
    const near = await call(["great"]);
    assert.deepEqual([near.exitCode, near.told], [2, "There is no command great. Did you mean greet?"]);
    const far = await call(["help", "dance"]);
    assert.deepEqual([far.exitCode, far.told], [2, "There is no command dance. There are: greet, leave."]);
  });

  it("says in one message why a command could not be carried out", async () => {
    assert.deepEqual(await call(["greet"]), { exitCode: 2, printed: "", told: "Whom?" });
    assert.deepEqual(await call(["greet", "nobody"]), { exitCode: 1, printed: "", told: "Nobody is there." });
  });

  it("shows the stack of an error that nobody foresaw", async () => {
    const { exitCode, told } = await call(["greet", "bug"]);
    assert.equal(exitCode, 1);
    assert.match(told, /nobody foresaw:\nTypeError: name is not a function\n +at /);
  });

  it("names every wrong setting, and carries nothing out", async () => {
    const { exitCode, printed, told } = await call(["greet", "Ann"], { SAYWHEN_PORT: "none", SAYWHEN_HOSTS: "a" });
    assert.deepEqual([exitCode, printed], [2, ""]);
    assert.equal(told.split("\n").length, 2);
  });
});
