import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Which way something goes: to the server, or from it. */
export type Way = "from" | "to";

/** What is done with a piece of what a client sends: let through, or the connection cut before it or behind it. */
export type Fate = "cut" | "cut-behind" | "mute" | "pass";

/** One direction of a connection: what is held back waits here, its end (undefined) too. */
interface Lane {
  readonly source: Socket;
  readonly target: Socket;
  readonly held: (Buffer | undefined)[];
}

/** Stands between a server and its clients, as a network that fails in every way that networks do. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #lanes: Record<Way, Set<Lane>> = { from: new Set(), to: new Set() };
  readonly #isHeld: Record<Way, boolean> = { from: false, to: false };
  /** The port of 127.0.0.1 that new connections are led to. */
  target: number;
  /** Milliseconds that everything takes, either way. */
  delayMs = 0;
  /** Decides on each piece that a client sends. */
  judge: (sent: Buffer) => Fate = () => "pass";

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.target = target;
    server.on("connection", (client: Socket) => this.#connected(client));
  }

  /** On a free port of 127.0.0.1. */
  static async before(target: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new TcpProxy(server, target);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The same address, through this proxy. */
  url(of: string): string {
    const url = new URL(of);
    url.port = String(this.port);
    return url.href;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const way of ["from", "to"] as const) {
      for (const { source } of this.#lanes[way]) reset(source);
      this.#lanes[way].clear();
    }
  }

  /** From now on nothing gets through, not even that a connection ended; nobody is told. */
  hold(...ways: readonly Way[]): void {
    for (const way of ways) this.#isHeld[way] = true;
  }

  /** What was held back arrives, late. */
  heal(): void {
    for (const way of ["to", "from"] as const) {
      this.#isHeld[way] = false;
      for (const lane of this.#lanes[way]) {
        for (const piece of lane.held.splice(0)) deliver(lane, piece);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  #connected(client: Socket): void {
    const server = connect({ port: this.target, host: "127.0.0.1", allowHalfOpen: true });
    this.#lead("to", { source: client, target: server, held: [] });
    this.#lead("from", { source: server, target: client, held: [] });
  }

  #lead(way: Way, lane: Lane): void {
    const { source } = lane;
    this.#lanes[way].add(lane);
    source.setNoDelay(true);
    source.on("error", () => undefined);
    source.on("data", (piece: Buffer) => (way === "to" ? this.#judged(lane, piece) : this.#send(way, lane, piece)));
    source.once("end", () => this.#send(way, lane, undefined));
    source.once("close", () => {
      this.#send(way, lane, undefined);
      if (lane.held.length === 0) this.#lanes[way].delete(lane);
    });
  }

  #judged(lane: Lane, piece: Buffer): void {
    const fate = this.judge(piece);
    const { source, target } = lane;
    if (fate === "cut") {
      reset(source);
      return;
    }
    this.#send("to", lane, piece);
    if (fate === "cut-behind") {
      target.end();
      reset(source);
    }
    // The server's answer is swallowed.
    if (fate === "mute") target.removeAllListeners("data").resume();
  }

  #send(way: Way, lane: Lane, piece: Buffer | undefined): void {
    const send = () => {
      if (this.#isHeld[way]) lane.held.push(piece);
      else deliver(lane, piece);
    };
    if (this.delayMs > 0) setTimeout(send, this.delayMs).unref();
    else send();
  }
}

function deliver({ target }: Lane, piece: Buffer | undefined): void {
  if (!target.writable) return;
  if (piece === undefined) target.end();
  else target.write(piece);
}

/** Breaks off without a farewell; where one is on its way already, Node could not, and would never end. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
