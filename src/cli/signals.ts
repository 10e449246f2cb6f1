import { constants } from "node:os";

const signals = ["SIGTERM", "SIGINT"] as const;

/**
 * One press of Ctrl-C under npm, and one stop by a service manager, arrive twice: once from the terminal or the
 * manager, once handed on by npm. What comes within this time of the first is its echo.
 */
const echoMs = 500;

/**
 * Waits for the first SIGTERM or SIGINT. A second one, that is no echo, ends the process at once.
 *
 * @returns the signal's name, once it has come
 */
export function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const received = (signal: (typeof signals)[number]): void => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        resolve(signal);
      } else if (performance.now() - firstAt > echoMs) {
        process.exit(128 + constants.signals[signal]);
      }
    };
    for (const signal of signals) process.on(signal, received);
  });
}

/**
 * Does something that SIGTERM or SIGINT calls off, so that it can tidy up after itself.
 *
 * @param work is given what tells it so
 */
export async function untilSignal<Value>(work: (calledOff: AbortSignal) => Promise<Value>): Promise<Value> {
  const controller = new AbortController();
  const received = (): void => controller.abort();
  for (const signal of signals) process.on(signal, received);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, received);
  }
}
