import { type DecisionIndex, IndexUnavailable } from "../service/decision-index.ts";

/** What a node answers that keeps no index. */
export const noIndex: DecisionIndex = {
  async current() {
    throw new IndexUnavailable("off");
  },
};
