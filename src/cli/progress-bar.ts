/** Milliseconds between two pictures of the bar. */
const redrawMs = 100;
const width = 40;

/** What a bar is drawn on: standard error. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A bar that shows how far something is; where nobody looks on, on no terminal, it draws nothing. */
export class ProgressBar implements Disposable {
  readonly #screen: Screen;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  show(done: number, total: number): void {
    const now = performance.now();
    if (this.#screen.isTTY !== true || now - this.#drawnAt < redrawMs) return;
    this.#drawnAt = now;
    const part = Math.min(1, done / Math.max(1, total));
    const bar = "#".repeat(Math.round(part * width)).padEnd(width, ".");
    this.#screen.write(`\r${bar} ${Math.floor(part * 100)} % of ${total}\u001b[K`);
  }

  /** Wipes it away, so that what comes next begins a line. */
  [Symbol.dispose](): void {
    if (this.#drawnAt > 0) this.#screen.write("\r\u001b[K");
  }
}
