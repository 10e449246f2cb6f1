import { hashNode, sha256 } from "./verify-receipt.ts";

// The tree of RFC 6962. No bitwise operator on sizes and indices: they go beyond 32 bits.

/** The root hash of a log without entries. */
const emptyRoot = sha256(Buffer.alloc(0));

/** The tree while leaf after leaf is added: it remembers one hash for each one-bit of its size. */
export class RunningTree {
  /** Roots of the complete subtrees that make up the tree, the largest first. */
  readonly #peaks: Buffer[] = [];
  #size = 0;

  /** How many leaves were added. */
  get size(): number {
    return this.#size;
  }

  /** Adds the hash of the next leaf. */
  add(leaf: Buffer): void {
    let hash = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) hash = hashNode(this.#peaks.pop() ?? hash, hash);
    this.#peaks.push(hash);
    this.#size += 1;
  }

  /** The root hash over all leaves so far. */
  root(): Buffer {
    return fold(this.#peaks);
  }
}

/** Where the hashes of complete subtrees come from. */
export interface TreeNodes {
  /**
   * The root hash of the subtree over the leaves from index·2^level up to, but without, (index+1)·2^level. Only
   * subtrees whose leaves are all in the log are asked for.
   */
  node(level: number, index: number): Promise<Buffer>;
}

/** The root hash of the log's first leaves, size of them. */
export function rootAt(size: number, nodes: TreeNodes): Promise<Buffer> {
  return rootOf(0, size, nodes);
}

/**
 * The hashes beside the way from a leaf up to the root, the leaf's own sibling first (RFC 6962, section 2.1.1).
 *
 * @param size of the tree that the path is for; it may be smaller than the log has become
 * @throws RangeError when the index is not in a tree of that size
 */
export async function inclusionPath(index: number, size: number, nodes: TreeNodes): Promise<Buffer[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`${index} is not in a tree of ${size}`);
  const siblings: Promise<Buffer>[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + 2 ** log2(end - start - 1);
    if (index < middle) {
      siblings.push(rootOf(middle, end, nodes));
      end = middle;
    } else {
      siblings.push(rootOf(start, middle, nodes));
      start = middle;
    }
  }
  return (await Promise.all(siblings)).reverse();
}

/** The root hash over a range of leaves that is a node of the tree, be it complete or at the right edge. */
async function rootOf(start: number, end: number, nodes: TreeNodes): Promise<Buffer> {
  const peaks: Promise<Buffer>[] = [];
  for (let at = start; at < end; ) {
    const level = log2(end - at);
    peaks.push(nodes.node(level, at / 2 ** level));
    at += 2 ** level;
  }
  return fold(await Promise.all(peaks));
}

/** The root hash above complete subtrees, the largest of which comes first. */
function fold(peaks: readonly Buffer[]): Buffer {
  return peaks.length === 0 ? emptyRoot : peaks.reduceRight((right, left) => hashNode(left, right));
}

/** The exponent of the largest power of two that is not above the number; exact, as Math.log2 is not. */
function log2(number: number): number {
  let exponent = 0;
  for (let power = 2; power <= number; power *= 2) exponent += 1;
  return exponent;
}

/** The tree over one tile's hashes. What has been hashed once is remembered. */
export class TileNodes {
  readonly #hashes: Buffer;
  /** By height and index; height 0 stays empty. */
  readonly #inner: Buffer[][] = Array.from({ length: 9 }, () => []);

  /** @param hashes up to 256 hashes, 32 bytes each, end to end */
  constructor(hashes: Buffer) {
    this.#hashes = hashes;
  }

  /**
   * The hash at a height (0 is the tile's own, 8 the root of a full tile), counted from the left.
   *
   * @throws RangeError when the tile does not hold all that is below it
   */
  node(height: number, index: number): Buffer {
    if ((index + 1) * 2 ** height * 32 > this.#hashes.length) {
      throw new RangeError(`the tile of ${this.#hashes.length / 32} hashes has no node ${index} at height ${height}`);
    }
    return this.#node(height, index);
  }

  #node(height: number, index: number): Buffer {
    const known = height === 0 ? this.#hashes.subarray(index * 32, index * 32 + 32) : this.#inner[height]?.[index];
    if (known !== undefined) return known;
    const hash = hashNode(this.#node(height - 1, index * 2), this.#node(height - 1, index * 2 + 1));
    (this.#inner[height] ??= [])[index] = hash;
    return hash;
  }
}
