import { run } from "../../src/cli/run.ts";
import { serveCommand } from "../../src/cli/serve.ts";
import { compose } from "../../src/compose.ts";
import { limits } from "../../src/domain/limits.ts";

/**
 * The same service, except that each request is a transaction of its own, as it would be without group commit; as many
 * at one time as it has connections.
 */
const tuning = { groupWrites: 1, groupsUnderWay: limits.databaseConnections };
const serve = serveCommand((settings) => compose(settings, undefined, tuning));

process.exit(
  await run(["serve"], [serve], {
    print: (line) => process.stdout.write(`${line}\n`),
    tell: (line) => process.stderr.write(`${line}\n`),
    openDatabase: unused,
    openRecords: unused,
  }),
);

function unused(): never {
  throw new Error("serving opens its own");
}
