import { type VerifiedLog, verifyLog } from "../../service/verify-log.ts";
import { openSqliteRecords } from "./open-records.ts";

/** A database holds what cannot be derived anew and is not as it was signed, or not what its entries say. */
export class DatabaseDamaged extends Error {
  override readonly name = "DatabaseDamaged";
}

/**
 * Verifies all that a database file holds.
 *
 * @param what the database, as it is to be called in the error's message
 * @returns what was found; where anything is wrong with it, that is derived and can be made anew
 * @throws DatabaseDamaged with the first thing that is wrong beyond that; DatabaseMissing, SchemaMismatch
 */
export async function soundLog(file: string, what: string): Promise<VerifiedLog> {
  const records = await openSqliteRecords(file);
  try {
    const log = await verifyLog(records.inspection());
    const first = log.findings.find(({ kind }) => kind !== "derived");
    if (first === undefined) return log;
    const place = first.position === undefined ? "" : `Position ${first.position}: `;
    throw new DatabaseDamaged(`${what} is damaged. ${place}${first.what}`);
  } finally {
    await records.close();
  }
}
