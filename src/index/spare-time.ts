import { performance } from "node:perf_hooks";

/** The share of its time for which an event loop with time to spare waits for something to do, or more. */
const idleLeast = 0.5;

/** Tells, each time that it is asked, whether this thread has had time to spare since it was asked before. */
export function watchSpareTime(): () => boolean {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization <= 1 - idleLeast;
  };
}
