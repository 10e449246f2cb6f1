import { readSubject, type Subject } from "../domain/subject.ts";
import { exportSubject } from "../service/export-subject.ts";
import { printExport } from "../wire/opened-changes.ts";
import { type Command, type CommandContext, misunderstood } from "./command.ts";
import { rejection, withPast } from "./opened.ts";

const usage = `saywhen export <subject>
a subject: customer:123456789, organisation:3, user:5`;

/** Hands out everything that is held about one subject, as JSON on standard output. */
export const exportCommand: Command = {
  name: "export",
  usage,
  summary: "Print everything that is held about a subject, as JSON.",
  async run([word = "", ...rest], context) {
    const subject = rest.length > 0 ? undefined : readSubject(word);
    if (subject === undefined) throw misunderstood(usage);
    await printAll(subject, context);
    return 0;
  },
};

async function printAll(subject: Subject, context: CommandContext): Promise<void> {
  await withPast(context, async (records) => {
    const outcome = await exportSubject(records, subject, Date.now());
    if ("rejected" in outcome) throw rejection(outcome.rejected);
    for await (const line of printExport(outcome.value)) context.print(line);
  });
}
