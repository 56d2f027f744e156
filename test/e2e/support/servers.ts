import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type RunningServer, type ServerOptions, startServer } from "../../../scripts/library/local-server.ts";
import {
  type ClientKind,
  type ConnectedClient,
  type ConnectOptions,
  connect,
} from "../../../scripts/library/mcp-clients.ts";

/** One server for all tests of a file, for tests that look only at their own sessions. Returns a function for its URL. */
export function sharedServer(options?: ServerOptions): () => string {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await startServer(options);
  });
  afterAll(() => server?.stop());
  return () => {
    if (!server) throw new Error("The file's server runs only while its tests do");
    return server.url;
  };
}

/** A server for the current test alone, so that its count is exact. Stopped when the test ends. */
export async function ownServer(options?: ServerOptions): Promise<RunningServer> {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

/** A client for the current test, closed when it ends. */
export async function connected(kind: ClientKind, url: string, options?: ConnectOptions): Promise<ConnectedClient> {
  const client = await connect(kind, url, options);
  onTestFinished(() => client.close());
  return client;
}

/** A folder for the current test, removed when it ends. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mcp-session-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return folder;
}

/** A folder for all tests of a file, removed after them. Returns a function for its path. */
export function fileFolder(): () => string {
  let folder: string | undefined;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mcp-session-test-"));
  });
  afterAll(() => {
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  return () => {
    if (!folder) throw new Error("The file's folder is there only while its tests run");
    return folder;
  };
}

/** Number of sessions with a context, as reported to `client`. */
export async function countOf(client: ConnectedClient): Promise<unknown> {
  return (await client.call("get_session_count")).data.active_sessions;
}
