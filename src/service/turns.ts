const waiting: (() => void)[] = [];

/**
 * Waits for a turn of the event loop. Long work takes one for each slice of about a millisecond; however much of it goes
 * on at a time, between two slices everything else that has come is done.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(giveTurn);
  });
}

function giveTurn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(giveTurn);
}
