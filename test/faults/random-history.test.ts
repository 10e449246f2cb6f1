import { it } from "node:test";
import fc from "fast-check";
import { temporaryFolder } from "../support/service.ts";
import { World } from "./world.ts";

/** How many histories; `npm run faults` asks for more. */
const histories = Number(process.env["FAULT_ROUNDS"] ?? 6);

const often = ["putCustomer", "putOrganisation", "putUser", "putUserByEmail", "postUser"] as const;
const sometimes = ["eraseCustomer", "eraseOrganisation", "eraseUser", "backUp"] as const;
const seldom = ["applyCatalogue", "refuse", "rebuild", "restart", "restore"] as const;
const act = fc.record({
  name: fc.constantFrom(...often, ...often, ...sometimes, ...seldom),
  id: fc.integer({ min: 1, max: 4 }),
  choice: fc.nat(3),
});

it("whatever is done in whatever order, after each act the whole log verifies and every document is as it should be", async () => {
  const property = fc.asyncProperty(fc.array(act, { minLength: 20, maxLength: 30, size: "max" }), async (acts) => {
    using folder = temporaryFolder();
    await using world = await World.open(folder.path);
    for (const { name, id, choice } of acts) {
      await world[name](id, choice);
      await world.check();
    }
  });
  await fc.assert(property, { numRuns: histories, endOnFailure: true });
});
