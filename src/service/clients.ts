import { timingSafeEqual } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Client, IssuedToken, Scope } from "../domain/client.ts";
import { limits } from "../domain/limits.ts";
import type { ClientStore } from "./client-store.ts";
import { sha256 } from "./secret.ts";
import { StoreUnavailable } from "./store.ts";

interface Holder {
  client: Client;
  /** The digests of its tokens, the oldest first. */
  readonly tokens: Set<string>;
}

interface Credential {
  readonly holder: Holder;
  /** The digest's hex, as bytes. */
  readonly digest: Buffer;
  /** Milliseconds since 1970; a secret does not expire. */
  readonly expiresAt: number;
  /** Absent for a secret, which has all of the client's. */
  readonly scopes?: readonly Scope[];
}

/** What a change of one client comes to: the client to be kept, if any, and what its caller gets. */
export interface ClientStep<Value> {
  readonly keep?: Client;
  readonly value: Value;
}

/** How often a change is decided anew because another node was faster. */
const triesMax = 10;

export interface RegistryOptions {
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Called when what other nodes have changed cannot be looked at: once, until it can be again. It is tried again. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Every client and live token, in memory: authentication is on the way of every request and waits for storage only with
 * a secret that is not known here. What changes is durable before it is in force here; what another node has changed is
 * looked for all the time.
 */
export class ClientRegistry {
  readonly #store: ClientStore;
  readonly #clock: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #presented = Buffer.alloc(64);
  readonly #cadence: NodeJS.Timeout;
  readonly #holders = new Map<string, Holder>();
  readonly #credentials = new Map<string, Credential>();
  /** That of the clients and tokens which are held here, as the store counts; undefined before the first look. */
  #version: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** The look that has not begun yet. */
  #nextLook: Promise<void> | undefined;
  /** When (ms, monotonic) the last look began. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isBehind = false;

  private constructor(store: ClientStore, { clock = Date.now, onError = () => undefined }: RegistryOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#onError = onError;
    this.#cadence = setInterval(() => void this.#lookInTime(), limits.clientsFollowMs).unref();
  }

  /**
   * Loads every client and every token that has not expired, and follows what other nodes change until it is closed.
   *
   * @throws StoreUnavailable
   */
  static async open(store: ClientStore, options: RegistryOptions = {}): Promise<ClientRegistry> {
    const registry = new ClientRegistry(store, options);
    try {
      await registry.look();
      return registry;
    } catch (error) {
      registry.close();
      throw error;
    }
  }

  /** Follows no longer what other nodes change. */
  close(): void {
    clearInterval(this.#cadence);
  }

  /**
   * Looks whether clients or tokens were changed by another node, and takes that over. When the promise resolves, all
   * that was changed before the call is in force here. One look goes on at a time, and none sooner than
   * `limits.clientsLookMs` after the last one began: those who ask meanwhile share the next.
   *
   * Rejects with StoreUnavailable.
   */
  look(): Promise<void> {
    this.#nextLook ??= this.#lookSoon();
    return this.#nextLook;
  }

  /**
   * Whose secret or token this is; undefined when it is nobody's, has expired, or its client was revoked.
   * The scopes of a token's client are narrowed to those of the token. Takes less than a microsecond.
   *
   * @param digest that of the secret or token, as `sha256` makes it
   * @param now milliseconds since 1970
   */
  authenticate(digest: string, now: number): Client | undefined {
    const credential = this.#credentialOf(digest);
    if (credential === undefined || now >= credential.expiresAt) return undefined;
    const { client } = credential.holder;
    return credential.scopes === undefined ? client : { ...client, scopes: credential.scopes };
  }

  /** The client whose secret this is; undefined for another's, and for a token, which cannot be turned into another. */
  holderOf(clientId: string, secret: string): Client | undefined {
    const credential = this.#credentialOf(sha256(secret));
    if (credential === undefined || credential.expiresAt !== Number.POSITIVE_INFINITY) return undefined;
    const { client } = credential.holder;
    return client.id === clientId ? client : undefined;
  }

  /** The client that has this id, revoked or not. */
  client(id: string): Client | undefined {
    return this.#holders.get(id)?.client;
  }

  /** Every client, the revoked ones too, in the order of their ids. */
  clients(): Client[] {
    return [...this.#holders.values()].map(({ client }) => client).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * Changes a client, durably. The step is run on what every node has changed before, and again when another node was
   * faster with the same client, so that no change is lost. A client that is kept without secrets loses its tokens at
   * once.
   *
   * Rejects with StoreUnavailable, also when another node was faster each time.
   */
  change<Value>(step: () => ClientStep<Value>): Promise<Value> {
    return this.#inTurn(async () => {
      for (let tries = 0; tries < triesMax; tries += 1) {
        await this.#takeOver();
        const { keep, value } = step();
        if (keep === undefined || (await this.#keep(keep))) return value;
      }
      throw new StoreUnavailable("the client changes faster than it can be changed from here");
    });
  }

  /**
   * Gives out a token, durably, if there is one to be given out when its turn has come.
   *
   * @param token what is to be kept, decided on what the change before has left
   * @param now milliseconds since 1970
   * @returns whether it was kept: not where the client was revoked meanwhile
   */
  giveOut(token: () => IssuedToken | undefined, now: number): Promise<boolean> {
    return this.#inTurn(async () => {
      const given = token();
      if (given === undefined || !(await this.#store.saveToken(given, new Date(now).toISOString()))) return false;
      this.#counted();
      this.#rememberToken(given, now);
      return true;
    });
  }

  /** Runs one change of clients or tokens after the other, so that each decides on what the one before it left. */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #keep(client: Client): Promise<boolean> {
    if (!(await this.#store.saveClient(client, this.client(client.id)))) return false;
    this.#counted();
    this.#remember(client);
    return true;
  }

  /** One change more, which is in force here. If another node made one too, the store has counted further. */
  #counted(): void {
    if (this.#version !== undefined) this.#version += 1;
  }

  /**
   * What answers again after it was gone may be an older copy of the database, in which the same version has come to
   * count other changes: then all of it is taken over anew.
   */
  async #versionNow(): Promise<number> {
    try {
      return await this.#store.clientsVersion();
    } catch (error) {
      this.#version = undefined;
      throw error;
    }
  }

  /** The version is read first: what changes after that is met at the next look. */
  async #takeOver(): Promise<void> {
    const version = await this.#versionNow();
    if (version === this.#version) return;
    const clients = await this.#store.clients();
    const now = this.#clock();
    const tokens = await this.#store.tokens(new Date(now).toISOString());
    this.#holders.clear();
    this.#credentials.clear();
    for (const client of clients) this.#remember(client);
    for (const token of tokens) this.#rememberToken(token, now);
    this.#version = version;
  }

  /** Whoever sends tokens that are nobody's makes no more looks than this: the storage is not reached by all of them. */
  async #lookSoon(): Promise<void> {
    const wait = this.#lookedAt + limits.clientsLookMs - performance.now();
    if (wait > 0) await delay(wait);
    await this.#inTurn(() => {
      this.#nextLook = undefined;
      this.#lookedAt = performance.now();
      return this.#takeOver();
    });
  }

  async #lookInTime(): Promise<void> {
    try {
      await this.look();
      this.#isBehind = false;
    } catch (error) {
      if (!this.#isBehind) this.#onError(error);
      this.#isBehind = true;
    }
  }

  /** Found by its digest, of which no one can choose the bytes; compared in constant time all the same. */
  #credentialOf(digest: string): Credential | undefined {
    const credential = this.#credentials.get(digest);
    if (credential === undefined) return undefined;
    this.#presented.write(digest, "latin1");
    return timingSafeEqual(this.#presented, credential.digest) ? credential : undefined;
  }

  #remember(client: Client): void {
    const known = this.#holders.get(client.id);
    const holder = known ?? { client, tokens: new Set<string>() };
    for (const secret of holder.client.secrets) this.#credentials.delete(secret.sha256);
    if (client.secrets.length === 0) for (const digest of holder.tokens) this.#forgetToken(holder, digest);
    for (const { sha256: digest } of client.secrets) {
      this.#credentials.set(digest, { holder, digest: Buffer.from(digest), expiresAt: Number.POSITIVE_INFINITY });
    }
    holder.client = client;
    this.#holders.set(client.id, holder);
  }

  #rememberToken(token: IssuedToken, now: number): void {
    const holder = this.#holders.get(token.client);
    if (holder === undefined || holder.client.secrets.length === 0) return;
    for (const digest of holder.tokens) {
      const isLive = (this.#credentials.get(digest) as Credential).expiresAt > now;
      if (isLive && holder.tokens.size < limits.clientTokensMax) break;
      this.#forgetToken(holder, digest);
    }
    const digest = token.sha256;
    const expiresAt = Date.parse(token.expiresAt);
    this.#credentials.set(digest, { holder, digest: Buffer.from(digest), expiresAt, scopes: token.scopes });
    holder.tokens.add(digest);
  }

  #forgetToken(holder: Holder, digest: string): void {
    holder.tokens.delete(digest);
    this.#credentials.delete(digest);
  }
}
