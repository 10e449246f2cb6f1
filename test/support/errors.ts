import assert from "node:assert/strict";
import { SaxesParser } from "saxes";
import type { ReceivedAnswer } from "./exchange.ts";

/** Asserts an error in the customers' contract's shape; answers with its messages. */
export function customersError(answer: ReceivedAnswer, status: number): string[] {
  assert.equal(answer.status, status, answer.body);
  if (isXml(answer)) {
    assert.equal(textsOf(answer.body, "code").at(0), String(status));
    return textsOf(answer.body, "message").slice(1);
  }
  const { error, ...others } = JSON.parse(answer.body) as {
    error: { code: string; message: string; errors: { message: string }[] };
  };
  assert.deepEqual([Object.keys(others), Object.keys(error)], [[], ["code", "message", "errors"]]);
  assert.equal(error.code, String(status));
  assert.ok(error.errors.length > 0, answer.body);
  for (const fault of error.errors) assert.deepEqual(Object.keys(fault), ["message"]);
  return error.errors.map(({ message }) => message);
}

/** Asserts an error in the organisations' contract's shape; answers with its summary. */
export function organisationsError(answer: ReceivedAnswer, status: number): string {
  assert.equal(answer.status, status, answer.body);
  if (isXml(answer)) {
    assert.match(textsOf(answer.body, "ref").at(0) ?? "", /^\d+$/);
    return textsOf(answer.body, "summary").at(0) ?? "";
  }
  const { error, ...others } = JSON.parse(answer.body) as { error: { summary: string; ref: string; link: string } };
  assert.deepEqual([Object.keys(others), Object.keys(error)], [[], ["summary", "ref", "link"]]);
  assert.match(error.ref, /^\d+$/);
  assert.ok(error.link.endsWith(`/api/2/error/${error.ref}`), error.link);
  return error.summary;
}

/** Asserts problem details (RFC 9457). */
export function problemDetails(answer: ReceivedAnswer, status: number): void {
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/);
  const problem = JSON.parse(answer.body) as { status: number; title: string; type: string };
  assert.equal(problem.status, status);
  assert.ok(problem.title.length > 0 && problem.type.length > 0);
}

function isXml({ headers }: ReceivedAnswer): boolean {
  return /xml/.test(headers["content-type"] ?? "");
}

/** The texts of all elements of that name, in a document that has to be well-formed. */
export function textsOf(xml: string, name: string): string[] {
  const texts: string[] = [];
  let depth = 0;
  const parser = new SaxesParser({ xmlns: true });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag) => {
    if (tag.name === name) depth = texts.push("");
  });
  parser.on("text", (text) => {
    if (depth > 0) texts[depth - 1] += text;
  });
  parser.on("closetag", (tag) => {
    if (tag.name === name) depth = 0;
  });
  parser.write(xml).close();
  return texts;
}
