import { describe, expect, it } from "vitest";
import { sharedServer } from "../e2e/support/servers.ts";
import { seriousFaults } from "./support/axe.ts";
import { fitsItsWindow, hasChromium, sharedBrowser } from "./support/chromium.ts";
import { screenshot } from "./support/screenshot.ts";

describe.skipIf(!hasChromium)("the status page", () => {
  const server = sharedServer();
  const open = sharedBrowser();

  it.each(["light", "dark"] as const)(
    "loads, %s, without a complaint and without a serious fault for axe",
    async (colorScheme) => {
      const page = await open(server(), { colorScheme, viewport: { width: 1100, height: 860 } });
      expect(await page.locator("h1").textContent()).toBe("Session context");
      expect(await page.locator("#health").textContent()).toContain("Healthy");
      expect(await page.locator("#endpoint").textContent()).toBe(`${server()}/mcp`);
      await screenshot(page, `status-${colorScheme}`);
      for (const summary of await page.locator("summary").all()) {
        await summary.click();
        expect(await seriousFaults(page)).toEqual([]);
      }
    },
  );

  it("copies each snippet, which names this server's own address", async () => {
    const page = await open(server(), { permissions: ["clipboard-read", "clipboard-write"] });
    const clients = await page.locator("summary").allTextContents();
    expect(clients).toEqual(["Claude Code", "Claude Desktop", "Cursor", "VS Code", "MCP Inspector", "curl"]);
    for (const [i, client] of clients.entries()) {
      if (i > 0) await page.locator("summary", { hasText: client }).click();
      await page.getByRole("button", { name: `Copy for ${client}` }).click();
      const copied = await page.evaluate("navigator.clipboard.readText()");
      expect(copied).toBe(await page.locator(`#snippet-${i}`).textContent());
      expect(copied).toContain(`${server()}/mcp`);
    }
    await page.locator("[data-copy=endpoint]").click();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(`${server()}/mcp`);
    expect(await page.locator("#said").textContent()).toBe("Copied");
  });

  it("can be used with the keyboard alone", async () => {
    const page = await open(server());
    const focused = () => page.evaluate<string>("document.activeElement.textContent");
    for (let n = 0; n < 12 && (await focused()) !== "Cursor"; n++) await page.keyboard.press("Tab");
    expect(await focused()).toBe("Cursor");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("region", { name: "For Cursor" }).isVisible()).toBe(true);
    // One at a time.
    expect(await page.getByRole("region", { name: "For Claude Code" }).isVisible()).toBe(false);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.ariaLabel")).toBe("Copy for Cursor");
  });

  it.each([320, 375])("fits a phone %i wide", async (width) => {
    const page = await open(server(), { viewport: { width, height: 700 } });
    for (const summary of await page.locator("summary").all()) {
      await summary.click();
      expect(await fitsItsWindow(page)).toBe(true);
    }
    if (width === 320) await screenshot(page, "status-phone");
  });
});
