/**
 * The proxy on the port of `npm start`, in front of `wrangler dev`. wrangler trusts headers in which a client states the URL,
 * scheme and address of its request, and derives Host from them: a page that uses DNS rebinding would pass for localhost. The
 * proxy drops these headers, and the Worker rejects every request that bypasses the proxy.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Carries the key by which scripts/start/local-worker.ts recognises requests from this proxy. */
export const FRONT_KEY_HEADER = "x-front-door-key";

/** Headers that only the platform or a trusted proxy may set, and hop-by-hop headers. */
const DROPPED =
  /^(mf-.*|x-forwarded-.*|forwarded|x-real-ip|cf-(connecting-ip|ray|visitor)|x-front-door-.*|host|connection|keep-alive|proxy-.*|te|trailer|upgrade|expect)$/i;

export interface FrontDoor {
  /** Without a slash at the end. */
  readonly url: string;
  /** Also closes open connections. */
  close(): void;
}

/**
 * Listens on `port` of this machine (0 picks a free one) and forwards requests to `target`.
 * @throws Error with a one-line message if the port is in use.
 */
export async function openFrontDoor(port: number, target: string, key: string): Promise<FrontDoor> {
  const { hostname, port: targetPort } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    // An absolute URL instead of a path is another way to state a host.
    if (incoming.url?.startsWith("/") !== true) return refuse(outgoing, 400, "Send a path, not a URL");
    const forwarded = request({
      host: hostname,
      port: targetPort,
      method: incoming.method,
      path: incoming.url,
      headers: [...passedOn(incoming), "Host", incoming.headers.host ?? "", FRONT_KEY_HEADER, key],
      agent: false,
    });
    forwarded.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, passedOn(answer, /^transfer-encoding$/i));
      // An event stream may be silent for long, so the headers are sent at once.
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    });
    forwarded.on("error", () => {
      if (outgoing.headersSent) outgoing.destroy();
      else refuse(outgoing, 502, "The server behind this port does not answer. Try again");
    });
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", ({ code, message }: NodeJS.ErrnoException) => {
      const inUse = `Address already in use (127.0.0.1:${port}). Another server has it; pick another port with --port`;
      reject(new Error(code === "EADDRINUSE" ? inUse : message));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The headers to forward, in their order, as a flat list of names and values. */
function passedOn({ rawHeaders }: IncomingMessage, alsoDropped = /^$/): string[] {
  const list: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (!DROPPED.test(name) && !alsoDropped.test(name)) list.push(name, value);
  }
  return list;
}

function refuse(outgoing: ServerResponse, status: 400 | 502, error: string): void {
  outgoing.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ error }));
}
