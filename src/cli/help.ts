import type { Command } from "./command.ts";

/** What `saywhen --help` prints. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "Saywhen keeps people's word about being contacted.",
    "",
    "saywhen <command> [arguments]",
    "",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "`saywhen <command> --help` says more about one, `saywhen --version` prints the version.",
    "Settings are environment variables, SAYWHEN_…; docs/config.md lists them.",
  ].join("\n");
}

/** What `saywhen <command> --help` prints. */
export function helpOn({ summary, usage }: Command): string {
  return `${summary}\n\n${usage}`;
}
