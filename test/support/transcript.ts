import type { SentRequest } from "./exchange.ts";

/** One line of an expected answer, with where it stands. */
export interface Expectation {
  readonly line: number;
  readonly pattern: string;
}

/** A request and the answer that it must have. Texts still have their `{{…}}`. */
export interface Exchange {
  readonly kind: "exchange";
  readonly line: number;
  readonly isForSocketOnly: boolean;
  readonly request: SentRequest;
  readonly status: number;
  readonly headers: readonly (Expectation & { readonly name: string })[];
  /** Absent: the body does not matter. An empty pattern: there must be none. */
  readonly body?: Expectation;
}

/** Something else that happens between two exchanges. */
export interface Event {
  readonly kind: "restart" | "wait-for-next-second";
  readonly line: number;
  /** The settings from here on. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Transcript {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly (Exchange | Event)[];
}

/** What is wrong with a transcript itself, at its line. */
export class TranscriptMalformed extends Error {
  override readonly name = "TranscriptMalformed";
}

/**
 * Reads a transcript; test/transcripts/README.md says how one is written.
 *
 * @throws TranscriptMalformed
 */
export function parseTranscript(name: string, text: string): Transcript {
  return new TranscriptReader(name, text.split("\n")).read();
}

class TranscriptReader {
  readonly #name: string;
  readonly #lines: readonly string[];
  readonly #always = new Map<string, readonly [string, string]>();
  readonly #steps: (Exchange | Event)[] = [];
  #env: Record<string, string> = {};
  #isForSocketOnly = false;
  #at = 0;

  constructor(name: string, lines: readonly string[]) {
    this.#name = name;
    this.#lines = lines;
  }

  read(): Transcript {
    let env: Record<string, string> | undefined;
    while (this.#at < this.#lines.length) {
      const line = this.#lines[this.#at] as string;
      if (line.trim() === "" || line.startsWith("#")) this.#at++;
      else if (line.startsWith(">")) {
        env ??= this.#env;
        this.#steps.push(this.#exchange());
      } else this.#directive(line);
    }
    if (this.#isForSocketOnly) this.#fail("a request must follow `over a socket only`");
    return { name: this.#name, env: env ?? this.#env, steps: this.#steps };
  }

  #directive(line: string): void {
    const [, word = "", rest = ""] =
      /^(always|setting|restart|wait for the next second|over a socket only)(?: (.*))?$/.exec(line) ?? [];
    if (word === "always") {
      const [name, value] = this.#header(rest);
      if (value === "(none)") this.#always.delete(name.toLowerCase());
      else this.#always.set(name.toLowerCase(), [name, value]);
    } else if (word === "setting") {
      const [, variable, value] =
        /^(SAYWHEN_\w+)=(.*)$/.exec(rest) ?? this.#fail("a setting is written SAYWHEN_NAME=value");
      this.#env = { ...this.#env, [variable as string]: value as string };
    } else if (word === "over a socket only") this.#isForSocketOnly = true;
    else if (word === "restart") this.#steps.push({ kind: "restart", line: this.#at + 1, env: this.#env });
    else if (word !== "") this.#steps.push({ kind: "wait-for-next-second", line: this.#at + 1, env: this.#env });
    else this.#fail(`this is no line of a transcript: ${line}`);
    this.#at++;
  }

  #exchange(): Exchange {
    const line = this.#at + 1;
    const sent = this.#block(">");
    const received = this.#block("<");
    const [first, ...rest] = sent;
    const [, method, target] =
      /^([A-Z]+) (\S+)$/.exec(first?.pattern ?? "") ?? this.#fail("a request begins > METHOD /path");
    const [headLines, body] = splitAtBlank(rest);
    const [, status] =
      /^(\d{3})\b/.exec(received[0]?.pattern ?? "") ?? this.#fail("an answer begins with < and a status");
    const [headers, answerBody] = splitAtBlank(received.slice(1));
    const isForSocketOnly = this.#isForSocketOnly;
    this.#isForSocketOnly = false;
    return {
      kind: "exchange",
      line,
      isForSocketOnly,
      request: {
        method: method as string,
        target: target as string,
        headers: this.#headersOf(headLines),
        ...(body === undefined ? {} : { body: textOf(body) }),
      },
      status: Number(status),
      headers: headers.map((header) => {
        const [name, pattern] = this.#header(header.pattern);
        return { line: header.line, name: name.toLowerCase(), pattern };
      }),
      ...(answerBody === undefined ? {} : { body: bodyOf(answerBody) }),
    };
  }

  /** The lines of a request or an answer, without their mark. */
  #block(mark: ">" | "<"): Expectation[] {
    const block: Expectation[] = [];
    for (; this.#lines[this.#at]?.startsWith(mark); this.#at++) {
      block.push({ line: this.#at + 1, pattern: (this.#lines[this.#at] as string).replace(/^[<>] ?/, "") });
    }
    return block;
  }

  #headersOf(lines: readonly Expectation[]): (readonly [string, string])[] {
    const own = lines.map(({ pattern }) => this.#header(pattern));
    const named = new Set(own.map(([name]) => name.toLowerCase()));
    const always = [...this.#always].filter(([name]) => !named.has(name)).map(([, header]) => header);
    return [...always, ...own.filter(([, value]) => value !== "(none)")];
  }

  #header(text: string): readonly [string, string] {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(text) ?? this.#fail("a header is written Name: value");
    return [name as string, value as string];
  }

  #fail(message: string): never {
    throw new TranscriptMalformed(`${this.#name}:${this.#at + 1}: ${message}`);
  }
}

function splitAtBlank(lines: readonly Expectation[]): [Expectation[], Expectation[] | undefined] {
  const blank = lines.findIndex(({ pattern }) => pattern === "");
  return blank === -1 ? [[...lines], undefined] : [lines.slice(0, blank), lines.slice(blank + 1)];
}

function bodyOf(lines: readonly Expectation[]): Expectation {
  const text = textOf(lines);
  return { line: lines[0]?.line ?? 0, pattern: text === "(no body)" ? "" : text };
}

function textOf(lines: readonly Expectation[]): string {
  return lines.map(({ pattern }) => pattern).join("\n");
}
