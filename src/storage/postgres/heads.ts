import type { Change } from "../../domain/change.ts";
import { limits } from "../../domain/limits.ts";
import type { Stream } from "../../domain/stream.ts";
import type { ChangeRow } from "../../service/change-row.ts";
import { RecordDamaged } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { Recent } from "../recent.ts";
import { openingOf } from "../stored-change.ts";
import type { Statements } from "./database.ts";
import { withoutLate } from "./late.ts";

const newestSql = "SELECT * FROM saywhen.newest($1, $2)";

/** Characters of stored text in one generation of remembered changes; two generations of parsed ones take some 192 MiB. */
const rememberedTextMax = 24 * 1024 * 1024;

/** The bytes that no commitment is. */
const nothing = Buffer.alloc(32);

/** A stream's newest change. */
export interface Head {
  readonly change: Change;
  /** Which tells it from every other change, also of a database that was set back and went on. */
  readonly commitment: Buffer;
}

/** A head with the length of its stored text, which is what remembering it is reckoned by. */
export interface SizedHead extends Head {
  readonly size: number;
}

/** A stream's row, and its newest change: without text where that is known, without all where it is missing. */
interface HeadRow extends Omit<ChangeRow, "body" | "position" | "salt"> {
  readonly place: number;
  readonly id: number;
  readonly head: number;
  readonly position: number | null;
  readonly salt: Uint8Array | null;
  readonly body: string | null;
}

/** What the database has of a stream, and what was known when it was asked. */
interface Found {
  readonly row: HeadRow;
  readonly known: Head | undefined;
}

/** Streams that somebody asks for together, and where the answer goes. */
interface Waiting {
  readonly streams: readonly Stream[];
  /** When (ms, monotonic) they were asked for. */
  readonly since: number;
  readonly resolve: (heads: (Head | undefined)[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Reads the newest changes of streams: what many callers ask for at one time, by one statement, which was begun after
 * they asked. So whatever any node acknowledged before is in the answer. What is remembered saves sending and parsing a
 * text again, never the question whether it is still the newest.
 */
export class Heads {
  readonly #database: Statements;
  readonly #digest: Digest;
  readonly #remembered = new Recent<Stream, SizedHead>(rememberedTextMax);
  #waiting: Waiting[] = [];
  #underWay = 0;

  constructor(database: Statements, digest: Digest) {
    this.#database = database;
    this.#digest = digest;
  }

  /**
   * The newest change of each stream, in the order asked, as of one moment.
   *
   * @throws RecordDamaged when one of them is not sound
   */
  read(streams: readonly Stream[]): Promise<(Head | undefined)[]> {
    return new Promise((resolve, reject) => {
      // What goes on together is read together.
      if (this.#waiting.push({ streams, since: performance.now(), resolve, reject }) === 1)
        setImmediate(() => this.#next());
    });
  }

  /** The same, inside a transaction. */
  async readIn(transaction: Statements, streams: readonly Stream[]): Promise<(Head | undefined)[]> {
    const found = await this.#find(transaction, streams);
    return streams.map((stream) => this.#headOf(stream, found.get(stream)));
  }

  /** Takes over a change that was appended: reading it is spared, the question whether it is still the newest is not. */
  remember(head: SizedHead): void {
    this.#remembered.set(head.change.stream, head);
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#underWay < limits.databaseReads) {
      const group = this.#waiting.splice(0, limits.groupWrites);
      this.#underWay += 1;
      const start = performance.now();
      void this.#answer(group).finally(() => {
        this.#underWay -= 1;
        if (performance.now() - start > limits.databaseQueueMs) this.#waiting = withoutLate(this.#waiting, "reads");
        this.#next();
      });
    }
  }

  async #answer(group: readonly Waiting[]): Promise<void> {
    let found: ReadonlyMap<Stream, Found>;
    try {
      found = await this.#find(this.#database, [...new Set(group.flatMap(({ streams }) => streams))]);
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { streams, resolve, reject } of group) {
      try {
        resolve(streams.map((stream) => this.#headOf(stream, found.get(stream))));
      } catch (error) {
        reject(error);
      }
    }
  }

  async #find(statements: Statements, streams: readonly Stream[]): Promise<ReadonlyMap<Stream, Found>> {
    if (streams.length === 0) return new Map();
    // Held from here on, as it may be forgotten before the answer is there.
    const known = streams.map((stream) => this.#remembered.get(stream));
    const rows = await statements.rows<HeadRow>(newestSql, [
      Buffer.concat(streams.map(this.#digest)),
      Buffer.concat(known.map((head) => head?.commitment ?? nothing)),
    ]);
    return new Map(
      rows.map((row): [Stream, Found] => [streams[row.place - 1] as Stream, { row, known: known[row.place - 1] }]),
    );
  }

  #headOf(stream: Stream, found: Found | undefined): Head | undefined {
    if (found !== undefined) return found.row.body === null ? soundHead(found) : this.#opened(stream, found.row);
    // Whoever was erased is not kept in memory either.
    this.#remembered.delete(stream);
    return undefined;
  }

  #opened(stream: Stream, row: HeadRow): Head {
    const { position, salt, body } = row;
    if (position === null || salt === null || body === null) throw new RecordDamaged(row.head, "it is missing");
    const { change } = openingOf({ ...row, position, salt, body });
    if (change.stream !== stream || row.stream !== row.id)
      throw new RecordDamaged(position, "its stream's row leads to another's change");
    const head = { change, commitment: Buffer.from(row.commitment), size: body.length };
    this.#remembered.set(stream, head);
    return head;
  }
}

/** A row without a text: its change is known, or missing. */
function soundHead({ row, known }: Found): Head {
  if (known === undefined || row.position === null) throw new RecordDamaged(row.head, "it is missing");
  return known;
}
