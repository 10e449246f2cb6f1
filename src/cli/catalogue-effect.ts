import { type Shift, shifts } from "../domain/catalogue-effect.ts";
import { listed, visible } from "../domain/sentence.ts";
import type { CatalogueEffect, CellEffect, Counted, NameEffect } from "../service/preview-catalogue.ts";

const becoming: Readonly<Record<Shift, string>> = {
  begin: "would begin to receive",
  cease: "would cease to receive",
  later: "would have to wait now, for the end of quiet hours",
  sooner: "would not have to wait now any more",
};

const kinds: Readonly<Record<NameEffect["list"], string>> = {
  alertServices: "alert service",
  frequencies: "frequency",
  modules: "module",
  nodes: "metadata node",
};

/** What another catalogue would do, in lines for people. */
export function effectLines({ inForce, version, at, cells, names }: CatalogueEffect): string[] {
  if (inForce === version)
    return [`Version ${version} of the catalogue is in force already, and nothing would change.`];
  const nobody = cells.length === 0 ? ["no customer would begin or cease to receive"] : [];
  const lines = [...nobody, ...cells.flatMap(cellLines), ...names.map(nameLine)];
  return [
    `Version ${version} in place of version ${inForce}, as of ${at}:`,
    ...lines.map((line) => `  ${visible(line)}`),
  ];
}

function cellLines(cell: CellEffect): string[] {
  const concerned = shifts.filter((shift) => cell[shift].count > 0);
  return concerned.map((shift) => {
    const customers = cell[shift].count === 1 ? "customer" : "customers";
    return `${cell.category}, ${cell.channel}: ${cell[shift].count} ${customers} ${becoming[shift]}: ${whom(cell[shift])}`;
  });
}

function nameLine({ list, node, name, retired, documents }: NameEffect): string {
  const what = node === undefined ? `${kinds[list]} ${listed([name])}` : `label ${listed([name])} of ${listed([node])}`;
  const head = `the ${what} is ${retired ? "retired" : "offered again"}`;
  if (documents.count === 0) return `${head}: nobody mentions it`;
  return `${head}: ${documents.count} ${documents.count === 1 ? "mentions" : "mention"} it: ${whom(documents)}`;
}

function whom({ count, samples }: Counted): string {
  return `${samples.join(", ")}${count > samples.length ? ", …" : ""}`;
}
