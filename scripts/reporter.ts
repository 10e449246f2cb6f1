import { Readable } from "node:stream";
import { spec } from "node:test/reporters";

/** What this reporter looks at of an event of node:test. */
interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly file?: string | undefined;
    readonly name?: string;
    readonly skip?: string | boolean | undefined;
    readonly counts?: { readonly passed: number; readonly failed: number; readonly cancelled: number };
  };
}

/**
 * Node's own report of a test run, then each skipped test with its reason, then the one line that programs read:
 * `N passed, N failed`. Without a summary of the whole run there is no such line, so that a run that broke off never
 * looks like one that passed.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: string[] = [];
  let closing: string | undefined;
  async function* watched(): AsyncGenerator<TestEvent> {
    for await (const event of events) {
      const { file, name, skip, counts } = event.data;
      if (event.type === "test:pass" && skip !== undefined && skip !== false) {
        skipped.push(`skipped: ${name}${typeof skip === "string" && skip !== "" ? ` (${skip})` : ""}\n`);
      }
      if (event.type === "test:summary" && file === undefined && counts !== undefined) {
        closing = `${counts.passed} passed, ${counts.failed + counts.cancelled} failed\n`;
      }
      yield event;
    }
  }
  for await (const text of Readable.from(watched()).compose(new spec())) yield String(text);
  yield "\n";
  yield* skipped;
  if (closing !== undefined) yield closing;
}
