/**
 * The word of a list that a misspelt word was probably meant to be.
 * Undefined when none is close: more than a third of the longer word would have to change.
 */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of words) {
    const changes = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (changes < least && changes * 3 <= Math.max(word.length, candidate.length)) {
      best = candidate;
      least = changes;
    }
  }
  return best;
}

/** How many letters must be added, taken away or replaced to turn one word into the other (Levenshtein's distance). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const kept = from[row - 1] === to[column - 1] ? 0 : 1;
      current.push(
        Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + kept),
      );
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
