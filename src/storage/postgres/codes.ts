import assert from "node:assert/strict";
import { subjectKeyBytes } from "../../domain/subject-key.ts";
import type { CodedPage, KeptCode } from "../../service/code-store.ts";
import type { NewestChange } from "../../service/store.ts";
import { type HeadRow, placedIn } from "../stored-change.ts";
import { changeColumns } from "./change-row.ts";
import type { Statements } from "./database.ts";

/** Streams read at once. */
const pageSize = 1024;

/** Bytes of what an entry commits to. */
const commitmentBytes = 32;

const pageSql = "SELECT codes, lacking::text AS lacking, last, count FROM saywhen.coded($1, $2)";
const newestSql =
  `SELECT id AS row, head, ${changeColumns} FROM saywhen.stream LEFT JOIN saywhen.change ON position = head ` +
  "WHERE id = ANY($1::bigint[]) AND digest IS NOT NULL ORDER BY id";
const saveSql = "SELECT saywhen.save_codes($1::bigint[], $2::bigint[], $3, $4, $5, $6::int[])";
const dropSql = "DELETE FROM saywhen.code WHERE stream = $1";

/**
 * Said before codes are deleted, and before the log's head is taken: until the end of the transaction nobody else saves
 * any, and no saved one is unseen.
 */
export const holdCodesSql = "SELECT saywhen.hold_codes()";

/** Where codes are kept, by the name under which a vacuum finds it. */
export const codeTable = "saywhen.code";

interface PageRow {
  /** In base 64; null where there is none. */
  readonly codes: string | null;
  /** The streams of which none is kept, as a list that PostgreSQL has written and reads again; null where there is none. */
  readonly lacking: string | null;
  /** The last stream of the page; null when it is empty. */
  readonly last: number | null;
  readonly count: number;
}

/** The codes of streams' newest changes. */
export class Codes {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Every stream, in the order of their numbers: the next ones are on their way while these are taken in. */
  async *every(): AsyncGenerator<CodedPage> {
    for (let coming = this.#page(0); ; ) {
      const { codes, count, lacking, last } = await coming;
      if (last === null) return;
      const isLast = count < pageSize;
      if (!isLast) coming = this.#page(last);
      yield {
        codes: Buffer.from(codes ?? "", "base64"),
        changes: lacking === null ? [] : await this.#newestOf(lacking),
      };
      if (isLast) return;
    }
  }

  async save(codes: readonly KeptCode[]): Promise<void> {
    if (codes.length === 0) return;
    assert(
      codes.every(({ commitment, name }) => commitment.length === commitmentBytes && name.length === subjectKeyBytes),
      "commitments and names are equally long",
    );
    let end = 0;
    await this.#statements.rows(saveSql, [
      codes.map(({ place }) => place),
      codes.map(({ position }) => position),
      Buffer.concat(codes.map(({ commitment }) => commitment)),
      Buffer.concat(codes.map(({ name }) => name)),
      Buffer.concat(codes.map(({ said }) => said)),
      codes.map(({ said }) => (end += said.length)),
    ]);
  }

  /** Leaves none of a stream that is erased: of one transaction, which holds codes and has taken the stream's name away. */
  async drop(stream: number): Promise<void> {
    await this.#statements.rows(dropSql, [stream]);
  }

  #page(after: number): Promise<PageRow> {
    const rows = this.#statements.rows<PageRow>(pageSql, [after, pageSize]);
    const page = rows.then(([row]) => row as PageRow);
    // Whoever takes in the page before it may never come to this one.
    page.catch(() => undefined);
    return page;
  }

  /** The newest changes of streams, without those that were erased meanwhile. */
  async #newestOf(streams: string): Promise<NewestChange[]> {
    return (await this.#statements.rows<HeadRow>(newestSql, [streams])).map(placedIn);
  }
}
