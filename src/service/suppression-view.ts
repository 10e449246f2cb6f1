import type { Change } from "../domain/change.ts";
import { markIn } from "../domain/stream.ts";
import type { AddressSuppressions, Suppression } from "../domain/suppression.ts";
import { markPattern } from "./mark.ts";

/** A suppression as it is told of: the address itself is not kept, so it is not in it. */
export interface SuppressionView extends Omit<Suppression, "number"> {
  /** `<mark of the address>.<number>`. */
  readonly id: string;
}

/** A suppression, beside the normal form of the address that it stops. */
export interface SuppressionOfAddress extends SuppressionView {
  readonly address: string;
}

/** Which of an address's suppressions is meant. */
export interface SuppressionName {
  readonly mark: string;
  readonly number: number;
}

const form = new RegExp(`^(${markPattern})\\.([1-9]\\d{0,14})$`);

/** What an id names; undefined for a text that is none. */
export function readSuppressionId(id: string): SuppressionName | undefined {
  const [, mark, number] = form.exec(id) ?? [];
  return mark === undefined ? undefined : { mark, number: Number(number) };
}

/** What stops an address now, in the order in which it came. */
export function viewsOf({
  stream,
  document,
}: Pick<Change<AddressSuppressions>, "document" | "stream">): SuppressionView[] {
  return document.suppressions.map((suppression) => viewOf(markIn(stream), suppression));
}

/** One suppression of the address that has this mark. */
export function viewOf(mark: string, { number, ...suppression }: Suppression): SuppressionView {
  return { id: `${mark}.${number}`, ...suppression };
}
