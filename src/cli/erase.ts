import { readSubject, type Subject } from "../domain/subject.ts";
import { type ErasedSubject, eraseSubject } from "../service/erase-subject.ts";
import { erasedSubject } from "../wire/opened-changes.ts";
import { inShape } from "./ask.ts";
import { type Command, type CommandContext, CommandFailure, misunderstood } from "./command.ts";
import { inWords } from "./opened.ts";
import { through } from "./through.ts";

const usage = `saywhen erase <subject> --yes
a subject: customer:123456789, organisation:3, user:5`;

/** Takes out everything that is held about one subject. */
export const eraseCommand: Command = {
  name: "erase",
  usage,
  summary: "Erase everything that is held about a subject; it cannot be undone.",
  async run(args, context) {
    const subject = subjectIn(args.filter((word) => word !== "--yes"));
    if (!args.includes("--yes")) {
      throw new CommandFailure(
        `Nothing was erased yet. It cannot be undone; if you mean it: saywhen erase ${subject} --yes`,
        2,
      );
    }
    const { change, erased } = await erase(subject, context);
    context.tell(`${subject} is erased: ${erased} ${erased === 1 ? "change" : "changes"}, by change ${change}.`);
    return 0;
  },
};

function subjectIn([word, ...rest]: readonly string[]): Subject {
  const subject = word === undefined || rest.length > 0 ? undefined : readSubject(word);
  if (subject === undefined) throw misunderstood(usage);
  return subject;
}

function erase(subject: Subject, context: CommandContext): Promise<ErasedSubject> {
  const path = `/v1/subjects/${subject.replace(":", "/")}`;
  const request = { method: "DELETE", path, read: inShape(erasedSubject) } as const;
  const act = { actor: "saywhen erase", client: "saywhen" };
  return inWords(context.settings, () => through(context, request, ({ store }) => eraseSubject(store, subject, act)));
}
