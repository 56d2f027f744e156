import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { connected, ownServer, sharedServer } from "../e2e/support/servers.ts";
import { seriousFaults } from "./support/axe.ts";
import { fitsItsWindow, hasChromium, sharedBrowser } from "./support/chromium.ts";
import { screenshot } from "./support/screenshot.ts";

/** In mode none, the link as printed by `npm start`. */
const OPERATOR_KEY = "operator-key-of-the-tests-0123456789";
const secrets = { OPERATOR_KEY };
const LINK = `/dashboard#key=${OPERATOR_KEY}`;
const SOON = { timeout: 15_000, interval: 50 };
const WINDOW = { width: 1200, height: 900 };

const countOn = (page: Page) => page.locator("#count").textContent();

describe.skipIf(!hasChromium)("the dashboard", () => {
  /** For tests that expect an initial count of 0 and leave no context behind. */
  const url = sharedServer({ secrets });
  const open = sharedBrowser();

  it("follows a real client that opens and ends sessions, and can end one of them", async () => {
    const page = await open(`${url()}${LINK}`, { viewport: WINDOW });
    await expect.poll(() => countOn(page), SOON).toBe("0");
    const client = await connected("modern", url());
    const begin = async (directory: string) => (await client.call("set_working_directory", { directory })).data;
    const [first, second, third] = [await begin("/home/me/a"), await begin("/home/me/b"), await begin("/home/me/c")];
    await expect.poll(() => countOn(page), SOON).toBe("3");
    await client.call("end_session", { session_id: third.session_id });
    await expect.poll(() => countOn(page), SOON).toBe("2");

    const row = page.locator("tbody tr", { hasText: String(first.session_id).slice(0, 11) });
    expect(await row.textContent()).toContain("demo-modern/1.0.0");
    await row.getByRole("button", { name: "End" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect((await client.call("get_working_directory", { session_id: first.session_id })).data.working_directory).toBe(
      "/home/me/a",
    );
    await row.getByRole("button", { name: "End" }).click();
    expect(await page.getByRole("dialog").textContent()).toContain(String(first.session_id).slice(0, 11));
    await page.getByRole("button", { name: "End session", exact: true }).click();
    await expect.poll(() => countOn(page), SOON).toBe("1");
    expect(await page.locator("#said").textContent()).toContain("ended");
    const after = async (session_id: unknown) =>
      (await client.call("get_working_directory", { session_id })).data.working_directory;
    expect(await after(first.session_id)).toBeNull();
    expect(await after(second.session_id)).toBe("/home/me/b");
    // The history has it without a reload.
    const sums = page.locator("[data-chart=day] .sums");
    await expect.poll(() => sums.textContent(), SOON).toMatch(/3 opened.*2 ended.*0 expired.*0 refused/);
    await client.call("end_session", { session_id: second.session_id });
  });

  it("draws charts with a point for each minute, hour and day, and shows the same in tables", async () => {
    const server = await ownServer({ secrets });
    const client = await connected("legacy", server.url);
    await client.call("set_working_directory", { directory: "/home/me/a" });
    const page = await open(`${server.url}${LINK}`, { viewport: WINDOW });
    await expect.poll(() => countOn(page), SOON).toBe("1");
    for (const [range, points] of Object.entries({ hour: 60, day: 24, month: 30 })) {
      const chart = page.locator(`[data-chart=${range}]`);
      expect(await chart.locator("svg .point").count()).toBe(points);
      await chart.locator("summary").click();
      expect(await chart.locator("tbody tr").count()).toBe(points);
      const opened = await chart.locator("tbody td:nth-of-type(1)").allTextContents();
      expect(opened.reduce((sum, text) => sum + Number(text), 0)).toBe(1);
    }
    expect(await page.locator("[data-chart=day] svg title").last().textContent()).toMatch(
      /UTC: 1 opened, 0 ended, 0 expired, 0 refused$/,
    );
  });

  it("works with the keyboard alone, and updates do not steal the focus", async () => {
    const client = await connected("modern", url());
    const { data } = await client.call("set_working_directory", { directory: "/home/me/a" });
    const page = await open(`${url()}${LINK}`, { viewport: WINDOW });
    await expect.poll(() => countOn(page), SOON).toBe("1");
    const focusedKey = () => page.evaluate("document.activeElement.dataset.key");
    for (let n = 0; n < 12 && (await focusedKey()) !== data.session_id; n++) await page.keyboard.press("Tab");
    expect(await focusedKey()).toBe(data.session_id);
    // Another session replaces the table under the focus.
    const { data: another } = await client.call("set_working_directory", { directory: "/home/me/b" });
    await expect.poll(() => countOn(page), SOON).toBe("2");
    expect(await focusedKey()).toBe(data.session_id);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").isVisible()).toBe(false);
    expect(await focusedKey()).toBe(data.session_id);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect.poll(() => countOn(page), SOON).toBe("1");
    expect(await page.evaluate("document.activeElement.id")).toBe("sessions-title");
    await client.call("end_session", { session_id: another.session_id });
  });

  it("passes axe, light and dark, and fits a phone", async () => {
    const clients = [await connected("modern", url()), await connected("legacy", url())] as const;
    for (let n = 0; n < 15; n++) {
      const config = { version: "1.0", project: { name: ["shop", "docs-site", "billing"][n % 3] } };
      const client = clients[n % 2 === 0 ? 0 : 1];
      const { data } = await client.call("set_working_directory", {
        directory: `/home/me/${n % 3}`,
        ...(n % 4 !== 3 && { config: JSON.stringify(config) }),
      });
      if (n % 5 === 4) await client.call("end_session", { session_id: data.session_id });
    }
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(`${url()}${LINK}`, { colorScheme, viewport: { width: 1200, height: 1400 } });
      await page.locator("table.sessions").waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      await screenshot(page, `dashboard-${colorScheme}`);
      await page.locator("[data-end]").first().click();
      expect(await seriousFaults(page)).toEqual([]);
    }
    const phone = await open(`${url()}${LINK}`, { viewport: { width: 320, height: 700 } });
    await phone.locator("table.sessions").waitFor();
    expect(await fitsItsWindow(phone)).toBe(true);
    await screenshot(phone, "dashboard-phone");
    for (const summary of await phone.locator("summary").all()) await summary.click();
    expect(await fitsItsWindow(phone)).toBe(true);
    expect(await seriousFaults(phone)).toEqual([]);
  });

  it("takes the operator key from its link, removes it from the address, and asks for it if it is missing or wrong", async () => {
    const page = await open(`${url()}${LINK}`, { viewport: WINDOW });
    await expect.poll(() => page.locator("#count").isVisible(), SOON).toBe(true);
    expect(page.url()).toBe(`${url()}/dashboard`);
    await page.reload();
    await expect.poll(() => page.locator("#count").isVisible(), SOON).toBe(true);
    await page.getByRole("button", { name: "Sign out" }).click();
    const field = page.getByLabel("Operator key");
    await expect.poll(() => field.isVisible(), SOON).toBe(true);
    await field.fill("nonsense");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#said").textContent(), SOON).toBe("This operator key is not accepted");
    await field.fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#count").isVisible(), SOON).toBe(true);
    expect(await page.evaluate("document.cookie + JSON.stringify(localStorage)")).toBe("{}");
  });

  it("asks for a token, keeps it in its tab only, shows one principal's sessions, and turns pages", async () => {
    const alice = await createToken("alice", ["sessions"]);
    const bob = await createToken("bob", ["sessions"], alice.secret);
    const admin = await createToken("root", ["admin"], bob.secret);
    const server = await ownServer({ vars: { AUTH_MODE: "token", AUTH_TOKENS: admin.secret } });
    const as = (token: string) => connected("modern", server.url, { headers: { Authorization: `Bearer ${token}` } });
    const [ofAlice, ofBob] = [await as(alice.token), await as(bob.token)];
    for (let n = 0; n < 23; n++) await ofAlice.call("set_working_directory", { directory: `/home/alice/${n}` });
    await ofBob.call("set_working_directory", { directory: "/home/bob" });

    const page = await open(`${server.url}/dashboard`, { viewport: WINDOW });
    const field = page.getByLabel("Token with the scope admin");
    await field.fill("nonsense");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#said").textContent(), SOON).toBe("This token is not accepted");
    await field.fill(alice.token);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#said").textContent(), SOON).toContain("admin scope");
    await field.fill(admin.token);
    await page.keyboard.press("Enter");
    await expect.poll(() => countOn(page), SOON).toBe("24");
    const rows = page.locator("table.sessions tbody tr");
    expect(await rows.count()).toBe(20);
    expect(await rows.first().textContent()).toContain("token:bob");
    await page.getByRole("button", { name: "Older" }).click();
    await expect.poll(() => rows.count(), SOON).toBe(4);
    await page.getByRole("button", { name: "Newest" }).click();
    await expect.poll(() => rows.count(), SOON).toBe(20);
    await page.getByLabel("Principal").fill("token:bob");
    await page.keyboard.press("Enter");
    await expect.poll(() => rows.count(), SOON).toBe(1);
    await page.reload();
    await expect.poll(() => countOn(page), SOON).toBe("24");
    expect(await page.evaluate("document.cookie + JSON.stringify(localStorage)")).toBe("{}");
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect.poll(() => field.isVisible(), SOON).toBe(true);
    expect(await page.locator("body").textContent()).not.toContain("token:bob");
  });

  it("shows every stored text as text", async () => {
    const evil = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>"'&<b>`;
    const token = await createToken(`mallory ${evil}`, ["sessions"]);
    const admin = await createToken("root", ["admin"], token.secret);
    const server = await ownServer({ vars: { AUTH_MODE: "token", AUTH_TOKENS: admin.secret } });
    const headers = {
      Authorization: `Bearer ${token.token}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": "2025-11-25",
      "User-Agent": `client ${evil}`,
    };
    const config = JSON.stringify({ version: "1.0", project: { name: `project ${evil}` } });
    const set = await fetch(`${server.url}/mcp`, {
      method: "POST",
      headers,
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "set_working_directory", arguments: { directory: `/home/${evil}`, config } },
      }),
    });
    expect(set.status).toBe(200);
    const page = await open(`${server.url}/dashboard`, { viewport: WINDOW });
    await page.getByLabel("Token with the scope admin").fill(admin.token);
    await page.keyboard.press("Enter");
    await expect.poll(() => countOn(page), SOON).toBe("1");
    const row = page.locator("table.sessions tbody tr");
    for (const text of [`token:mallory ${evil}`, `client ${evil}`, `project ${evil}`]) {
      expect(await row.getByText(text, { exact: true }).count(), text).toBe(1);
    }
    await row.getByRole("button").click();
    expect(await page.locator("#confirm-principal").textContent()).toBe(`token:mallory ${evil}`);
    expect(await page.locator("main img, main b, main script").count()).toBe(0);
    expect(await page.evaluate("window.pwned")).toBeUndefined();
  });
});
