/** The pages of a list are bounded in bytes: an answer has at most 64 KiB, however long names and paths are. */
import { reset } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { pageOf } from "../../src/call/page.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import { callTool, message, post, type Send, startApp } from "../support/apps.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const LIMIT = 64 * 1024;

async function alicesApp(): Promise<{ send: Send; token: string }> {
  const { token, secret } = await createToken("alice", ["sessions"]);
  return { send: startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret }), token };
}

/** Follows the cursors of a list to its end; every page must be within the limit. Returns the pages. */
async function pagesOf(tool: string, field: string, { send, token }: Awaited<ReturnType<typeof alicesApp>>) {
  const pages: Record<string, string>[][] = [];
  let cursor: string | null = null;
  do {
    const { text, json } = await send(callTool(tool, cursor === null ? {} : { cursor }, { token }));
    expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(LIMIT);
    const answer = json.result?.structuredContent as Record<string, unknown> | undefined;
    pages.push((answer?.[field] ?? []) as Record<string, string>[]);
    cursor = (answer?.next_cursor ?? null) as string | null;
  } while (cursor !== null && pages.length < 100);
  return pages;
}

it("list_projects for 100 projects with roots of 4 KB has pages of at most 64 KiB, which contain each once, in order", async () => {
  const app = await alicesApp();
  const roots = Array.from({ length: 100 }, (_, n) => `/${"p".repeat(4000)}${String(n).padStart(3, "0")}`);
  for (const root of roots) {
    const args = { root, config: { version: "1.0", project: { name: "p" } } };
    expect((await app.send(callTool("register_project", args, { token: app.token }))).status).toBe(200);
  }
  const pages = await pagesOf("list_projects", "projects", app);
  expect(pages.flat().map(({ root }) => root)).toEqual(roots);
  for (const page of pages.slice(0, -1)) expect(page.length).toBeGreaterThanOrEqual(4);

  // A request of 1.9 KB must not produce an answer of 25 MB.
  const list = message("legacy", "tools/call", { name: "list_projects", arguments: {} });
  const batch = Array.from({ length: 20 }, (_, id) => ({ ...list, id }));
  const headers = { "MCP-Protocol-Version": "2025-03-26" };
  const { text, status } = await app.send(post(batch, { token: app.token, headers }));
  expect(status).toBe(200);
  expect(text.length).toBeLessThanOrEqual(1024 * 1024);
  expect(text.match(/"result":/g)?.length).toBeGreaterThanOrEqual(16);
});

it("list_projects fills a page with 100 projects if they are short", async () => {
  const app = await alicesApp();
  for (let n = 0; n < 101; n++) {
    const args = { root: `/p${n}`, config: { version: "1.0", project: { name: "p" } } };
    await app.send(callTool("register_project", args, { token: app.token }));
  }
  expect((await pagesOf("list_projects", "projects", app)).map(({ length }) => length)).toEqual([100, 1]);
});

it("list_sessions for directories of 4 KB has pages of at most 64 KiB, which contain each session once", async () => {
  const app = await alicesApp();
  const directories = Array.from({ length: 23 }, (_, n) => `/${'"'.repeat(2000)}${n}`);
  for (const directory of directories) {
    await app.send(callTool("set_working_directory", { directory }, { token: app.token }));
  }
  const pages = await pagesOf("list_sessions", "sessions", app);
  const listed = pages.flat().map(({ working_directory }) => working_directory);
  expect(listed.toSorted()).toEqual(directories.toSorted());
  expect(pages.length).toBeGreaterThan(2);
});

it("list_sessions shows a session that does not respond once, at its place, also at the end of a page", async () => {
  const app = await alicesApp();
  for (let n = 0; n < 15; n++) {
    const directory = `/${'"'.repeat(2000)}${n}`;
    await app.send(callTool("set_working_directory", { directory }, { token: app.token }));
  }
  const peek = SessionObject.prototype.peek;
  vi.spyOn(SessionObject.prototype, "peek").mockImplementation(async function (this: SessionObject, principal) {
    const peeked = await peek.call(this, principal);
    if (peeked.ok && peeked.value?.workingDirectory?.endsWith("4")) throw new Error("broken");
    return peeked;
  });
  expect((await pagesOf("list_sessions", "not_responding", app)).flat()).toHaveLength(2);
  expect((await pagesOf("list_sessions", "sessions", app)).flat()).toHaveLength(13);
});

it("a page has its first entry even if that alone is too large, and a cursor for the rest", () => {
  const entry = (n: number) => ({ view: { n }, line: "x".repeat(LIMIT), cursor: `c${n}` });
  const page = pageOf([entry(1), entry(2)], "c9", { empty: "none" });
  expect(page).toMatchObject({ views: [{ n: 1 }], nextCursor: "c1", text: expect.stringContaining('cursor "c1"') });
  expect(pageOf([entry(1)], "c9", { empty: "none" })).toMatchObject({ nextCursor: "c9" });
  expect(pageOf([], null, { empty: "none" })).toEqual({ views: [], nextCursor: null, text: "none" });
});
