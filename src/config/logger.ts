import { type Logger, pino } from "pino";
import { LineWriter } from "./line-writer.ts";

/** What the process says of itself, line by line, and the way to have every line written before it ends. */
export interface LogLines {
  readonly logger: Logger;
  /** Resolves when every line logged so far has been handed to the operating system. */
  readonly flush: () => Promise<void>;
}

/**
 * Opens the log lines: a JSON line for each thing logged, with `level`, `time` (RFC 3339, UTC), `msg` and what was given.
 *
 * @param level the least important level that is written; `silent` writes none
 * @param output a file descriptor, or the path of a file to append to; standard output by default
 */
export function openLogLines(level: string, output: number | string = 1): LogLines {
  const writer = new LineWriter(output);
  const formatters = { level: (label: string) => ({ level: label }) };
  const logger: Logger = pino({ level, base: null, timestamp: clock(), formatters }, writer);
  return { logger, flush: () => writer.flush() };
}

/** The part of a line that carries the time; the text of a second is kept, which saves about a microsecond a line. */
function clock(): () => string {
  let second = -1;
  let untilSecond = "";
  return () => {
    const now = Date.now();
    if (Math.floor(now / 1000) !== second) {
      second = Math.floor(now / 1000);
      untilSecond = `,"time":"${new Date(now).toISOString().slice(0, 20)}`;
    }
    return `${untilSecond}${String(now % 1000).padStart(3, "0")}Z"`;
  };
}
