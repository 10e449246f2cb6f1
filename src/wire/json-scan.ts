import type { Path } from "../domain/fault.ts";
import { limits } from "../domain/limits.ts";
import { echoed } from "../domain/sentence.ts";
import type { FaultList } from "./fault-list.ts";

/**
 * Reads a JSON text as RFC 8259 has it, only to tell what is wrong with it: the first place at which it is not JSON,
 * or else every name that stands twice in one object.
 */
export function scanJson(text: string, faults: FaultList): void {
  try {
    new Scan(text, faults).whole();
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    faults.add(error.problem, [], error.message);
  }
}

class NotJson extends Error {
  readonly problem: "body-malformed" | "limit-exceeded";

  constructor(problem: "body-malformed" | "limit-exceeded", message: string) {
    super(message);
    this.problem = problem;
  }
}

const space = /[ \t\r\n]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

class Scan {
  readonly #text: string;
  readonly #faults: FaultList;
  #at = 0;

  constructor(text: string, faults: FaultList) {
    this.#text = text;
    this.#faults = faults;
  }

  whole(): void {
    this.#value([]);
    if (this.#at < this.#text.length) this.#fail("the end");
  }

  #value(path: Path): void {
    this.#take(space);
    if (path.length > limits.bodyLevels) {
      throw new NotJson("limit-exceeded", `has more than ${limits.bodyLevels} levels`);
    }
    if (this.#is("{")) this.#object(path);
    else if (this.#is("[")) this.#list(path);
    else if (this.#take(string) === undefined && this.#take(scalar) === undefined) this.#fail("a value");
    this.#take(space);
  }

  #object(path: Path): void {
    const names = new Set<string>();
    this.#take(space);
    if (this.#is("}")) return;
    do {
      this.#take(space);
      const literal = this.#take(string) ?? this.#fail("a name in double quotes");
      this.#take(space);
      if (!this.#is(":")) this.#fail('":"');
      const name = JSON.parse(literal) as string;
      const at = [...path, echoed(name)];
      if (names.has(name)) this.#faults.add("body-malformed", at, "stands there twice; send each name once");
      names.add(name);
      this.#value(at);
    } while (this.#is(","));
    if (!this.#is("}")) this.#fail('"," or "}"');
  }

  #list(path: Path): void {
    this.#take(space);
    if (this.#is("]")) return;
    let index = 0;
    do this.#value([...path, index++]);
    while (this.#is(","));
    if (!this.#is("]")) this.#fail('"," or "]"');
  }

  #is(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #take(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const [taken] = token.exec(this.#text) ?? [];
    if (taken !== undefined) this.#at += taken.length;
    return taken;
  }

  #fail(wanted: string): never {
    const before = this.#text.slice(0, this.#at);
    const line = before.split("\n").length;
    const column = this.#at - before.lastIndexOf("\n");
    const where = this.#at === this.#text.length ? "it ends where" : `at line ${line}, column ${column}`;
    throw new NotJson("body-malformed", `is not JSON: ${where} ${wanted} should stand`);
  }
}
