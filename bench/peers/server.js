// The same service as most teams would write it in an afternoon: Express, zod, an ORM, SQLite in WAL with full sync.
// It takes the same request, merges it into the same document (each selection with who changed it and when, as GET has
// to show it), keeps that with a version and adds a history row in the same transaction. It does less than Saywhen:
// JSON only, no catalogue, no address check, no request log, no metrics, no conditions.
import { createHash, timingSafeEqual } from "node:crypto";
import Database from "better-sqlite3";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import express from "express";
import { z } from "zod";

const [port, databaseFile, token] = process.argv.slice(2);

const sqlite = new Database(databaseFile);
sqlite.pragma("journal_mode = WAL");
sqlite.pragma("synchronous = FULL");
sqlite.exec(`
  CREATE TABLE customers (id TEXT PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL, updated_at TEXT NOT NULL);
  CREATE TABLE history (
    id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL, version INTEGER NOT NULL, document TEXT NOT NULL,
    modified_by TEXT NOT NULL, created_at TEXT NOT NULL
  );
  CREATE INDEX history_customer ON history (customer_id, version);
`);
const db = drizzle(sqlite);

const customers = sqliteTable("customers", {
  id: text("id").primaryKey(),
  version: integer("version").notNull(),
  document: text("document", { mode: "json" }).notNull(),
  updatedAt: text("updated_at").notNull(),
});

const history = sqliteTable("history", {
  id: integer("id").primaryKey(),
  customerId: text("customer_id").notNull(),
  version: integer("version").notNull(),
  document: text("document", { mode: "json" }).notNull(),
  modifiedBy: text("modified_by").notNull(),
  createdAt: text("created_at").notNull(),
});

const selection = z.object({
  value: z.string().min(1),
  type: z.enum(["BPHONE", "SPHONE", "BEMAIL", "SEMAIL"]),
  is_opt_in: z.enum(["Y", "N"]),
});
const channel = z.object({ name: z.enum(["Text", "Email", "Voice"]), selections: z.array(selection) });
const update = z.object({
  preferences: z.array(
    z.object({ category: z.enum(["Service Notification", "Service Exception"]), channels: z.array(channel) }),
  ),
  audit_info: z.object({ modified_by: z.string() }).optional(),
});

const known = digest(`Bearer ${token}`);

function digest(value) {
  return createHash("sha256").update(value).digest();
}

function authenticate(req, res, next) {
  if (!timingSafeEqual(digest(req.get("authorization") ?? ""), known))
    return res.status(401).json(problem(401, "Unauthorized"));
  if (!req.get("clientid") || !req.get("request-tracking-id")) return res.status(400).json(problem(400, "Bad Request"));
  next();
}

function problem(status, message, errors = []) {
  return { error: { code: String(status), message, errors: errors.map((text) => ({ message: text })) } };
}

function store(id, preferences, modifiedBy) {
  const now = new Date().toISOString();
  db.transaction((tx) => {
    const current = tx.select().from(customers).where(eq(customers.id, id)).get();
    const document = merge(current?.document ?? [], preferences, modifiedBy, now);
    const version = (current?.version ?? 0) + 1;
    const row = { id, version, document, updatedAt: now };
    tx.insert(customers).values(row).onConflictDoUpdate({ target: customers.id, set: row }).run();
    tx.insert(history).values({ customerId: id, version, document, modifiedBy, createdAt: now }).run();
  });
}

function merge(document, preferences, modifiedBy, now) {
  const slots = new Map(document.map((selection) => [slotOf(selection), selection]));
  for (const { category, channels } of preferences) {
    for (const { name, selections } of channels) {
      for (const wish of selections) {
        const selection = { category, channel: name, ...wish };
        const known = slots.get(slotOf(selection));
        if (known?.value === wish.value && known.is_opt_in === wish.is_opt_in) continue;
        const audit_info = {
          created_by: known?.audit_info.created_by ?? modifiedBy,
          created_date_time: known?.audit_info.created_date_time ?? now,
          modified_by: modifiedBy,
          modified_date_time: now,
        };
        slots.set(slotOf(selection), { ...selection, audit_info });
      }
    }
  }
  return [...slots.values()];
}

function slotOf({ category, channel, type }) {
  return `${category}/${channel}/${type}`;
}

function view(document) {
  const preferences = [];
  for (const { category, channel, ...selection } of document) {
    let preference = preferences.find((known) => known.category === category);
    if (!preference) preferences.push((preference = { category, is_category_enabled: "Y", channels: [] }));
    let known = preference.channels.find(({ name }) => name === channel);
    if (!known) preference.channels.push((known = { name: channel, is_opt_in: "N", selections: [] }));
    if (selection.is_opt_in === "Y") known.is_opt_in = "Y";
    known.selections.push(selection);
  }
  return preferences;
}

const app = express();
app.use(express.json());
app.use(authenticate);

app.put("/v1/customers/:id/communication-preferences", (req, res) => {
  const body = update.safeParse(req.body);
  if (!body.success) {
    const messages = body.error.issues.map((issue) => `/${issue.path.join("/")}: ${issue.message}`);
    return res.status(422).json(problem(422, "Validation Error", messages));
  }
  store(req.params.id, body.data.preferences, body.data.audit_info?.modified_by ?? req.get("clientid"));
  res.json({ status: "Success", request_tracking_id: req.get("request-tracking-id") });
});

app.get("/v1/customers/:id/communication-preferences", (req, res) => {
  const row = db.select().from(customers).where(eq(customers.id, req.params.id)).get();
  res.json({ request_tracking_id: req.get("request-tracking-id"), preferences: view(row?.document ?? []) });
});

app.listen(Number(port), "127.0.0.1");
