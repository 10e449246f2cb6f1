/** A process that serves a storage which several may share. */
export interface ServingNode {
  /** Different for every process that ever served. */
  readonly id: string;
  /** The name of its machine, and the number of the process there: for operators. */
  readonly host: string;
  readonly pid: number;
}

/** Who serves a storage that several nodes share. */
export interface NodeStore {
  /**
   * Says that a node is about to serve, and waits until nobody works any more who asked before, and saw no node.
   *
   * @throws StoreUnavailable also where that takes too long
   */
  joined(node: ServingNode): Promise<void>;

  /** Says that a node serves: to be said again before it counts as gone. */
  heard(node: ServingNode): Promise<void>;

  /** Says that a node serves no more. */
  left(node: ServingNode): Promise<void>;

  /** The nodes that were heard of within this time, by the storage's own clock. */
  serving(withinMs: number): Promise<ServingNode[]>;
}
