import { run } from "../../src/cli/run.ts";
import { serveCommand } from "../../src/cli/serve.ts";
import { compose } from "../../src/compose.ts";

/**
 * The same service, except that each write is a transaction of its own, as it would be without group commit. Three at a
 * time is what serves it best: while one holds the log's head, the next are being prepared; more overtake each other.
 */
const tuning = { groupWrites: 1, groupsUnderWay: 3 };
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
