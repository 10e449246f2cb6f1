import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { limits } from "../domain/limits.ts";
import { Refusal } from "./route.ts";
import { wholeBody } from "./whole-body.ts";

/** A request of which the headers have come, and the connection on which the rest is to be sent. */
async function begun(test: TestContext, headers: string): Promise<{ incoming: IncomingMessage; socket: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  test.after(() => {
    socket.destroy();
    server.close();
  });
  socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`);
  const [incoming] = (await once(server, "request")) as [IncomingMessage];
  return { incoming, socket };
}

function refusedAs(problem: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.problem === problem && error.headers["connection"] === "close";
}

const chunked = "transfer-encoding: chunked\r\n";

describe("a body that is read whole", () => {
  it("is all that was sent, in however many parts it comes, up to the limit", async (test) => {
    const { incoming, socket } = await begun(test, chunked);
    const body = wholeBody(incoming);
    const part = "a".repeat(limits.bodyBytes / 4);
    for (let sent = 0; sent < 4; sent += 1) socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    socket.write("0\r\n\r\n");
    assert.equal((await body).toString(), part.repeat(4));
  });

  it("is empty where nothing was sent", async (test) => {
    for (const headers of ["", "content-length: 0\r\n"]) {
      const { incoming } = await begun(test, headers);
      assert.equal((await wholeBody(incoming)).length, 0);
    }
  });

  it("is refused as too large by what its headers say, before any of it has come", async (test) => {
    const { incoming } = await begun(test, `content-length: ${limits.bodyBytes + 1}\r\n`);
    await assert.rejects(wholeBody(incoming), refusedAs("body-too-large"));
  });

  it("is refused as too large as soon as it is, while more of it comes", async (test) => {
    const { incoming, socket } = await begun(test, chunked);
    const body = wholeBody(incoming);
    const length = limits.bodyBytes + 1;
    socket.write(`${length.toString(16)}\r\n${"a".repeat(length)}\r\n`);
    await assert.rejects(body, refusedAs("body-too-large"));
    socket.write("1\r\na\r\n0\r\n\r\n");
    await once(incoming, "end");
  });

  it("is refused where its end comes after the connection was ended, or where nobody is left", async (test) => {
    const { incoming, socket } = await begun(test, "content-length: 2\r\n");
    const body = wholeBody(incoming);
    socket.write("a");
    await once(incoming, "data");
    incoming.socket.end("HTTP/1.1 408 Request Timeout\r\n\r\n");
    socket.write("b");
    await assert.rejects(body, refusedAs("request-malformed"));
    incoming.destroy();
    await assert.rejects(wholeBody(incoming), refusedAs("request-malformed"));
  });

  it("is refused where it breaks off", async (test) => {
    const { incoming, socket } = await begun(test, "content-length: 10\r\n");
    const body = wholeBody(incoming);
    socket.write("a");
    await once(incoming, "data");
    socket.destroy();
    await assert.rejects(body, refusedAs("request-malformed"));
  });
});
