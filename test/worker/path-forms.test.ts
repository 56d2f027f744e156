/** One directory in different spellings, in the tools that take a path. */
import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { tool } from "../support/mcp.ts";

afterEach(reset);

const config = { version: "1.0", project: { name: "shop" } };

/** Registered under the first, found from a directory below the second, removed under the third. */
const WRITTEN = [
  ["C:\\Users\\me\\shop", "/c:/Users/me/shop", "file:///c%3A/Users/me/shop"],
  ["/c:/Users/me/shop", "file://C:/Users/me/shop", "\\\\?\\C:\\Users\\me\\shop"],
  ["file://wsl%24/Ubuntu/shop", "\\\\wsl.localhost\\Ubuntu\\shop", "file:////wsl$/Ubuntu/shop/"],
  ["/home/m\u00fcller/shop", "/home/mu\u0308ller/shop", "file:///home/mu%CC%88ller/shop"],
] as const;

describe.each(WRITTEN)("the project registered at %s", (registered, found, removed) => {
  it(`is found from below ${found} and removed as ${removed}`, async () => {
    const { session_id } = (await tool("set_working_directory", { directory: `${found}/src` })).data;
    await tool("register_project", { session_id, root: registered, config });
    const set = await tool("set_working_directory", { session_id, directory: `${found}/src` });
    expect(set.data).toMatchObject({ config_found: true, project: { name: "shop" }, tier: "session" });
    const { data } = await tool("remove_project", { session_id, root: removed });
    expect(data).toMatchObject({ removed: true, project: null });
  });

  it(`may have its config at ${removed} when the directory is ${found}`, async () => {
    const config_path = `${removed}/.codebase-mcp/config.json`;
    const set = await tool("set_working_directory", { directory: found, config, config_path });
    expect(set.data).toMatchObject({ config_found: true, project: { name: "shop" } });
    expect(set.data).not.toHaveProperty("project_error");
  });
});

describe("an ambiguous path", () => {
  it.each([
    ["//nas/data/shop", "can be read as a POSIX path and as a Windows path"],
    ["vscode-remote://wsl+Ubuntu/home/me/shop", "URI scheme other than file"],
    ["C:\\Users\\<you>\\shop", "has a name that Windows does not allow"],
  ])("%s is refused wherever it is passed, with the reason", async (path, why) => {
    const { session_id } = (await tool("set_working_directory", { directory: "/a" })).data;
    for (const [name, args] of [
      ["set_working_directory", { directory: path }],
      ["register_project", { root: path, config }],
      ["remove_project", { root: path }],
    ] as const) {
      const refused = await tool(name, { session_id, ...args });
      expect(JSON.stringify(refused)).toContain(why);
    }
    const set = await tool("set_working_directory", { session_id, directory: "/a", config, config_path: path });
    expect(set.data.project_error).toContain(why);
    expect((await tool("get_working_directory", { session_id })).data.working_directory).toBe("/a");
  });
});
