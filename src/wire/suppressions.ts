import Type from "typebox";
import { type AskedSuppression, suppressionReasons } from "../domain/suppression.ts";
import type { SuppressionOfAddress, SuppressionView } from "../service/suppression-view.ts";
import { jsonShape } from "./json-shape.ts";
import { count, flag, object, oneOf, printed, text } from "./members.ts";
import { plainShape, type Shape, shape } from "./shape.ts";

const address = text("The address, in any spelling", "1233454567");
const reason = oneOf(suppressionReasons, "Why it is stopped");
const channel = "The one channel that is stopped; every channel, if left out";

/** A stop that is asked for. */
export const suppressionWish: Shape<AskedSuppression> = shape({
  name: "NewSuppression",
  schema: object({ address, channel: Type.Optional(text(channel, "Text")), reason }),
  toValue: (sent) => sent,
  fromValue: ({ address: sent, channel: stopped, reason: why }) => ({
    address: sent,
    ...(stopped !== undefined && { channel: stopped }),
    reason: suppressionReasons.find((known) => known === why) ?? "manual",
  }),
});

/** Whose suppressions are asked for. */
export const suppressionSearch = plainShape({ name: "SuppressionSearch", schema: object({ address }) });

const members = {
  id: printed("Names it, and tells nobody the address", "0Jb1rGm3pUq8mC5w2nZxYQ.1"),
  channel: Type.Optional(printed(channel, "Text")),
  reason,
  at: printed("Since when, in UTC", "2026-03-03T14:05:00.000Z"),
};
const suppression = object(members);

/** One suppression. */
export const suppressionAnswer: Shape<SuppressionView> = jsonShape("Suppression", suppression);

/** One suppression, beside the address that it stops: told only of a subject that has or had the address. */
export const suppressionOfAddress: Shape<SuppressionOfAddress> = jsonShape(
  "SuppressionOfAddress",
  object({ address: printed("In its normal form", "+11233454567"), ...members }),
);

/** A suppression as it was recorded. */
export const suppressionInForce: Shape<SuppressionView & { readonly change: number }> = jsonShape(
  "SuppressionInForce",
  object({ ...members, change: count("The position of the change that recorded it", 42) }),
);

/** The answer to one line of many suppressions. */
export const suppressionLine: Shape<SuppressionView & { readonly change: number; readonly new: boolean }> = jsonShape(
  "SuppressionLine",
  object({
    ...members,
    change: count("The position of the change that recorded it", 42),
    new: flag("Whether it was not there before"),
  }),
);

/** A part of all suppressions, or all those of an address. */
export const suppressionList: Shape<{ readonly suppressions: readonly SuppressionView[]; readonly next?: string }> =
  jsonShape(
    "Suppressions",
    object({
      suppressions: Type.Array(suppression, { description: "Those of one address stand together" }),
      next: Type.Optional(
        printed("Ask again with this as `cursor` for more; absent at the end", "0Jb1rGm3pUq8mC5w2nZxYQ.1"),
      ),
    }),
  );
