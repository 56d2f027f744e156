/** The demo chapter about projects: which project a directory belongs to, and how its config controls switching. */
import assert from "node:assert/strict";
import type { ConnectedClient, ToolReply } from "../library/mcp-clients.ts";
import { ANA, BEN, BLOG, type Cast, SHOP } from "./chapters.ts";
import { brief } from "./table.ts";

const config = (name: string, rest: object = {}) => ({ version: "1.0", project: { name }, ...rest });

/** Leaves Ana in the shop and Ben in his blog, each in their project. */
export async function workOnProjects({ table, ana, ben }: Cast, session: string): Promise<void> {
  table.chapter(
    "A directory leads to a project: the nearest config upward, sent along because the server sees no disk",
  );
  const step = (
    who: string,
    does: string,
    client: ConnectedClient,
    [tool, args]: readonly [string, Record<string, unknown>],
    check: (reply: ToolReply) => string,
  ) => {
    const handle = client === ana ? { session_id: session } : {};
    return table.step({ who, does, run: async () => check(await client.call(tool, { ...args, ...handle })) });
  };
  const set = (directory: string, rest: object = {}) => ["set_working_directory", { directory, ...rest }] as const;
  const resolve = (project?: string) => ["resolve_project", project === undefined ? {} : { project }] as const;

  const on =
    (name: string | null, said: string, more: object = {}) =>
    ({ data, text }: ToolReply) => {
      assert.equal((data.project as { name: string } | null)?.name ?? null, name, text);
      for (const [field, want] of Object.entries(more)) assert.deepEqual(data[field], want, field);
      return `project ${name ?? "unknown"}: ${said}`;
    };
  const fails =
    (want: RegExp) =>
    ({ isError, text }: ToolReply) => {
      assert.ok(isError, `want an error, got "${text}"`);
      assert.match(text, want);
      return `error: ${brief(text, 47)}`;
    };

  const entered = { tier: "session", config_found: true, switched: true };
  await step(
    ANA,
    `sets ${SHOP} with its config`,
    ana,
    set(SHOP, { config: config("shop") }),
    on("shop", "switched", entered),
  );
  await step(
    BEN,
    `sets ${BLOG} with its config as text`,
    ben,
    set(BLOG, { config: JSON.stringify(config("blog", { strict_mode: true })) }),
    on("blog", "switched", entered),
  );
  await step(ANA, `sets ${SHOP}/api/src`, ana, set(`${SHOP}/api/src`), on("shop", "nearest config, two levels up"));
  const register = ["register_project", { root: `${SHOP}/api`, config: config("api") }] as const;
  await step(ANA, "registers a nearer config, for …/api", ana, register, on("api", "noticed at once"));
  await step(ANA, "names shop for one call", ana, resolve("shop"), on("shop", "tier explicit", { tier: "explicit" }));
  await step(BEN, "names shop too", ben, resolve("shop"), fails(/is neither the id nor the exact name/));
  const dry = { config: config("docs", { dry_run: true }) };
  const held = { switched: false, would_switch: true };
  await step(
    ANA,
    `sets ${SHOP}/docs, dry_run on`,
    ana,
    set(`${SHOP}/docs`, dry),
    on("api", "docs would be next, nothing changed", held),
  );
  const broken = { config: { version: "1", project: { name: "shop" } } };
  const kept = { working_directory: SHOP, config_found: true, project_info: null };
  await step(ANA, `sets ${SHOP} with a broken config`, ana, set(SHOP, broken), on(null, "the directory is kept", kept));
  await step(ANA, "asks which project that is", ana, resolve(), fails(/field "version" of the config/));
  await step(ANA, "sends it corrected", ana, set(SHOP, { config: config("shop") }), on("shop", "cured", entered));
}
