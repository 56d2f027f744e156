/** Debian's Chromium, driven by playwright-core. `CHROMIUM` names another browser's program. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);

/** Nothing but the server under test is to be called. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** One browser for all tests of a file. Returns how to open a page in it, in a profile of the current test's own. */
export function sharedBrowser(): (url: string, options?: BrowserContextOptions) => Promise<Page> {
  let browser: Awaited<ReturnType<typeof chromium.launch>> | undefined;
  const profile = mkdtempSync(join(tmpdir(), "mcp-session-browser-"));
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: FLAGS,
      env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
    });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  return async (url, options = {}) => {
    if (browser === undefined) throw new Error("The file's browser runs only while its tests do");
    const context: BrowserContext = await browser.newContext(options);
    const complaints: string[] = [];
    onTestFinished(async () => {
      await context.close();
      expect(complaints, "what the browser's console complained about").toEqual([]);
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // A refusal is told to the user; the browser mentions it besides.
      const isRefusal = /status of 40[13]/.test(message.text()) && message.location().url.includes("/dashboard/live");
      if (["error", "warning"].includes(message.type()) && !isRefusal) complaints.push(message.text());
    });
    await page.goto(url);
    return page;
  };
}

/** Whether the page is as wide as its window: nobody has to scroll sideways. */
export const fitsItsWindow = (page: Page): Promise<boolean> =>
  page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth");
