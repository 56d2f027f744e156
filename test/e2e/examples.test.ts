/** Both examples, started as in their READMEs and used by real clients of each kind. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CLIENT_KINDS, type ConnectedClient, type ToolReply } from "../../scripts/library/mcp-clients.ts";
import { connected, ownFolder, ownServer, sharedServer } from "./support/servers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const COUNTER = join(root, "examples/counter-worker/wrangler.toml");
const NOTES = join(root, "examples/notes-worker/wrangler.toml");
const SESSIONS = join(root, "wrangler.toml");
const LIMIT = 131_072;

/** The result's data; throws the tool's error message on an error. */
const data = ({ isError, data, text }: ToolReply) => {
  expect(isError, text).toBe(false);
  return data;
};
/** The session that a call of this client refers to: an argument in the modern era, a header before. */
const named = (client: ConnectedClient, sessionId: unknown) =>
  client.kind === "modern" ? { session_id: sessionId } : {};
/** Longer than the idle timeout of one second that the tests of expiry set. */
const idle = () => new Promise((resolve) => setTimeout(resolve, 1500));
const bytes = (text: string) => Buffer.byteLength(text);

const counter = sharedServer({ config: COUNTER });
const notes = sharedServer({ config: [NOTES, SESSIONS] });

describe.each(CLIENT_KINDS)("counter-worker and the %s client", (kind) => {
  it("counts for each conversation by itself, until it is reset", async () => {
    const client = await connected(kind, counter());
    const other = await connected(kind, counter());
    const { session_id: sessionId, count } = data(await client.call("increment"));
    expect(count).toBe(1);
    if (kind !== "modern") expect(sessionId).toBe(client.sessionId());
    const session = named(client, sessionId);
    expect(data(await client.call("increment", { by: 41, ...session }))).toEqual({ session_id: sessionId, count: 42 });
    await client.call("remark", { text: "the answer", ...session });
    const read = data(await client.call("read", session));
    expect(read).toEqual({ session_id: sessionId, count: 42, remarks: ["the answer"] });
    expect(data(await other.call("increment")).count).toBe(1);
    // The same id works in every client and either era.
    expect(data(await other.call("read", { session_id: sessionId })).count).toBe(42);

    expect(data(await client.call("reset", session)).forgotten).toBe(true);
    expect(data(await client.call("read", session))).toMatchObject({ count: 0, remarks: [] });
    expect(data(await client.call("reset", session)).forgotten).toBe(false);
  });

  it("loses no increment of many at once", async () => {
    const client = await connected(kind, counter());
    const { session_id } = data(await client.call("increment"));
    await Promise.all(Array.from({ length: 5 }, () => client.call("increment", { session_id })));
    expect(data(await client.call("read", { session_id })).count).toBe(6);
  });

  it("stores 131,072 bytes, refuses the next one with a clear error, and keeps the stored value", async () => {
    const client = await connected(kind, counter());
    const { session_id } = data(await client.call("increment"));
    const remark = (text: string) => client.call("remark", { text, session_id });
    const half = "x".repeat(60_000);
    data(await remark(half));
    data(await remark(half));
    const used = bytes("count") + bytes("1") + bytes("remarks") + bytes(JSON.stringify([half, half]));
    const rest = LIMIT - used - bytes(',""');
    const refused = await remark("y".repeat(rest + 1));
    expect(refused.isError).toBe(true);
    expect(refused.text).toContain('State value of "remarks" is too large');
    expect(refused.text).toContain("131073 bytes, and at most 131072 are kept");
    expect(data(await client.call("read", { session_id })).remarks).toEqual([half, half]);
    data(await remark("y".repeat(rest)));
    expect(data(await client.call("increment", { session_id })).count).toBe(2);
  });

  it("explains how to handle an unknown id, and mentions no tool that it does not have", async () => {
    const client = await connected(kind, counter());
    const { isError, text } = await client.call("read", { session_id: `sess_${"A".repeat(43)}` });
    expect(isError).toBe(true);
    expect(text).toContain("is not a session of this server");
    expect(text).not.toContain("set_working_directory");
  });
});

describe.each(CLIENT_KINDS)("notes-worker and the %s client", (kind) => {
  const open = async (client: ConnectedClient) => {
    const saved = data(await client.call("save_note", { title: "first", text: "one" }));
    return { notebook_id: saved.notebook_id };
  };

  it("keeps the notes of each conversation separate, until they are deleted", async () => {
    const client = await connected(kind, notes());
    const notebook = await open(client);
    const other = await open(await connected(kind, notes()));
    expect(other).not.toEqual(notebook);
    await client.call("save_note", { title: "second", text: "two", ...notebook });
    expect(data(await client.call("read_note", { title: "second", ...notebook })).text).toBe("two");
    expect(data(await client.call("read_note", { title: "second", ...other })).text).toBeNull();
    expect(data(await client.call("list_notes", notebook)).titles).toEqual(["first", "second"]);

    expect(data(await client.call("forget_notebook", notebook)).forgotten).toBe(true);
    expect(data(await client.call("list_notes", notebook)).titles).toEqual([]);
    expect(data(await client.call("list_notes", other)).titles).toEqual(["first"]);
  });

  it("stores 64 notes, refuses the 65th with a clear error, and keeps the stored ones", async () => {
    const client = await connected(kind, notes());
    const notebook = await open(client);
    for (let n = 2; n <= 64; n++) data(await client.call("save_note", { title: `n${n}`, text: "", ...notebook }));
    const refused = await client.call("save_note", { title: "one more", text: "", ...notebook });
    expect(refused.isError).toBe(true);
    expect(refused.text).toContain('State key "one more" is one too many: a session keeps at most 64');
    expect(data(await client.call("list_notes", notebook)).titles).toHaveLength(64);
    expect(data(await client.call("read_note", { title: "first", ...notebook })).text).toBe("one");
  });

  it("stores 131,072 bytes, refuses the next one with a clear error, and keeps the stored value", async () => {
    const client = await connected(kind, notes());
    const notebook = await open(client);
    const rest = LIMIT - bytes("first") - bytes('"one"') - bytes("big") - bytes('""');
    const save = (text: string) => client.call("save_note", { title: "big", text, ...notebook });
    data(await save("x".repeat(rest)));
    const refused = await save("x".repeat(rest + 1));
    expect(refused.isError).toBe(true);
    expect(refused.text).toContain("131073 bytes, and at most 131072 are kept");
    expect(data(await client.call("read_note", { title: "big", ...notebook })).text).toHaveLength(rest);
  });
});

describe("state", () => {
  /** With sessions that expire after a second: the same Worker and wrangler.toml except for that. */
  const soonOver = (): string[] => {
    const config = join(ownFolder(), "wrangler.toml");
    const text = readFileSync(SESSIONS, "utf8")
      .replace('"src/index.ts"', JSON.stringify(join(root, "src/index.ts")))
      .replace('SESSION_IDLE_TIMEOUT_SECONDS = "86400"', 'SESSION_IDLE_TIMEOUT_SECONDS = "1"');
    writeFileSync(config, text);
    return [NOTES, config];
  };

  it("of counter-worker survives a server that is killed and started again on the same storage, and ends with its session", async () => {
    const persistTo = ownFolder();
    const before = await ownServer({ config: COUNTER, persistTo });
    const client = await connected("modern", before.url);
    const { session_id } = data(await client.call("increment"));
    await before.stop("SIGKILL");
    const vars = { SESSION_IDLE_TIMEOUT_SECONDS: "1" };
    const { url } = await ownServer({ config: COUNTER, persistTo, vars, port: Number(new URL(before.url).port) });
    expect(data(await client.call("read", { session_id })).count).toBe(1);

    const idler = await connected("legacy", url);
    expect(data(await idler.call("increment")).count).toBe(1);
    await idle();
    expect(data(await idler.call("read"))).toMatchObject({ count: 0, session_id: idler.sessionId() });
    // The timeout belongs to the session: one that began under the long one lives on.
    expect(data(await client.call("read", { session_id })).count).toBe(1);
  });

  it("of notes-worker survives a server that is killed and started again on the same storage, and ends with its session", async () => {
    const persistTo = ownFolder();
    const before = await ownServer({ config: [NOTES, SESSIONS], persistTo });
    const client = await connected("modern", before.url);
    const { notebook_id } = data(await client.call("save_note", { title: "kept", text: "" }));
    await before.stop("SIGKILL");
    await ownServer({ config: soonOver(), persistTo, port: Number(new URL(before.url).port) });
    expect(data(await client.call("list_notes", { notebook_id })).titles).toEqual(["kept"]);

    const over = data(await client.call("save_note", { title: "soon gone", text: "" }));
    await idle();
    expect(data(await client.call("list_notes", { notebook_id: over.notebook_id })).titles).toEqual([]);
    expect(data(await client.call("list_notes", { notebook_id })).titles).toEqual(["kept"]);
  });
});
