import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { overSocket } from "./support/exchange.ts";
import { startListening, temporaryFolder } from "./support/service.ts";
import { credentials } from "./support/target.ts";

const categories = Array.from({ length: 50 }, (_, index) => `Category ${index}`);
const types = ["BPHONE", "SPHONE"];

/** Fifty categories and two types: a hundred slots for one customer. */
const catalogue = JSON.stringify({
  version: 1,
  channels: ["Text"],
  types: types.map((name) => ({ name, channels: ["Text"], kind: "phone" })),
  categories,
  frequencies: ["Never"],
});

const path = "/v1/customers/1/communication-preferences";

it("keeps all of a hundred concurrent changes of different slots of one customer (law 12)", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "catalogue.yaml");
  writeFileSync(file, catalogue);
  await using running = await startListening({
    env: { SAYWHEN_CATALOGUE: file },
    file: join(folder.path, "saywhen.db"),
  });
  const send = overSocket(running.url);
  const slots = categories.flatMap((category) => types.map((type) => ({ category, type })));
  const answers = await Promise.all(
    slots.map(({ category, type }, index) => {
      const selections = [{ value: String(2_125_550_000 + index), type, is_opt_in: index % 2 === 0 ? "Y" : "N" }];
      const body = JSON.stringify({ preferences: [{ category, channels: [{ name: "Text", selections }] }] });
      return send({ method: "PUT", target: path, headers: credentials({ "Content-Type": "application/json" }), body });
    }),
  );
  assert(answers.every(({ status }) => status === 200));
  const positions = answers.map(({ headers }) => Number(headers["saywhen-change"]));
  assert.equal(new Set(positions).size, slots.length);

  const { body } = await send({ method: "GET", target: path, headers: credentials() });
  const { preferences } = JSON.parse(body) as { preferences: { channels: { selections: object[] }[] }[] };
  assert.equal(preferences.flatMap(({ channels }) => channels.flatMap(({ selections }) => selections)).length, 100);
  for (let index = 0; index < slots.length; index += 1) assert.match(body, new RegExp(String(2_125_550_000 + index)));
});
