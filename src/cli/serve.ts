import { setTimeout as delay } from "node:timers/promises";
import type { Service } from "../compose.ts";
import type { Settings } from "../config/settings.ts";
import { limits } from "../domain/limits.ts";
import { type Command, type CommandContext, CommandFailure, type ExitCode } from "./command.ts";
import { firstRequest } from "./first-request.ts";
import { firstSignal } from "./signals.ts";
import { startFailure } from "./start-failure.ts";

/** What a stop may take beyond the requests' own time: to let go of the database and write the log, in milliseconds. */
const tidyingMs = 700;

/** Serves until it is told to stop. */
export function serveCommand(compose: (settings: Settings) => Promise<Service>): Command {
  return {
    name: "serve",
    usage:
      "saywhen serve\n\nSettings come from environment variables. SIGTERM or SIGINT stops it; a second one, at once.",
    summary: "Serve both contracts and our own API.",
    async run(args, context) {
      if (args.length > 0) throw new CommandFailure(`serve takes no arguments: ${args.join(" ")}`, 2);
      const service = await start(() => compose(context.settings), context.settings);
      // Told before anything else can go wrong: it is shown only this once.
      if (service.firstToken !== undefined) tellToken(service.firstToken, context);
      const signal = firstSignal();
      const { url } = await start(() => listenOrClose(service), context.settings);
      if (service.logStopped !== undefined) context.tell(`The log is not signed. ${service.logStopped}`);
      greet(url, service.firstToken, context);
      context.tell(`${await signal}: finishing what was accepted.`);
      return stop(service, context);
    },
  };
}

async function start<Result>(step: () => Promise<Result>, settings: Settings): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    const message = startFailure(error, settings);
    throw message === undefined ? error : new CommandFailure(message);
  }
}

/** A service that cannot listen lets go of its database, whose lock the next start needs. */
async function listenOrClose(service: Service): Promise<{ readonly url: string }> {
  try {
    return await service.listen();
  } catch (error) {
    await service.close();
    throw error;
  }
}

function tellToken(token: string, { tell }: CommandContext): void {
  tell(`The token of the client admin, shown only this once: ${token}`);
  tell("Keep it, for instance with: export SAYWHEN_TOKEN=<token>");
}

function greet(url: string, firstToken: string | undefined, { tell }: CommandContext): void {
  tell(`Saywhen serves on ${url}`);
  tell(`Try: ${firstRequest(url, firstToken)}`);
}

async function stop(service: Service, { tell }: CommandContext): Promise<ExitCode> {
  const closed = service.close().then(() => true);
  if (await Promise.race([closed, delay(limits.stopMs + tidyingMs, false, { ref: false })])) return 0;
  tell("The stop took too long; what was not answered was given up.");
  return 1;
}
