import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type PostgresServer, type PostgresSettings, startPostgres } from "./postgres-server.ts";

/**
 * Starts a hot standby of a server, which is shut down meanwhile to be copied. It is to be disposed of before that one,
 * in whose folder's neighbourhood it lies.
 */
export async function startStandby(primary: PostgresServer, settings: PostgresSettings = {}): Promise<PostgresServer> {
  const folder = `${primary.folder}-standby`;
  const { hostname, port, username, password } = new URL(primary.url());
  const primary_conninfo = `host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}`;
  await primary.stop();
  execFileSync("cp", ["-R", primary.folder, folder]);
  writeFileSync(`${folder}/standby.signal`, "");
  await primary.restart();
  return startPostgres({ folder, settings: { ...settings, primary_conninfo } });
}
