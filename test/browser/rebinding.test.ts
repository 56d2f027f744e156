import { chromium } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFrontDoor } from "../../scripts/start/front-door.ts";
import { ownServer } from "../e2e/support/servers.ts";
import { CHROMIUM, hasChromium } from "./support/chromium.ts";

const KEY = "key-of-the-front-door";

describe.skipIf(!hasChromium)("a page that uses DNS rebinding", () => {
  it("cannot read anything from npm start, whatever headers it sends", async () => {
    const server = await ownServer({ main: "scripts/start/local-worker.ts", secrets: { LOCAL_DOOR_KEY: KEY } });
    const door = await openFrontDoor(0, server.url, KEY);
    onTestFinished(() => door.close());
    const args = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP rebound.example.com 127.0.0.1"];
    // Like a browser that does not ask the user before a page accesses the local network.
    args.push("--disable-features=LocalNetworkAccessChecks");
    const browser = await chromium.launch({ executablePath: CHROMIUM, args });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    for (const { port } of [new URL(door.url), new URL(server.url)]) {
      // The page was loaded from another address, before its name pointed here.
      const attack = `http://rebound.example.com:${port}/attack`;
      await page.route(attack, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
      await page.goto(attack);
      const answers = await page.evaluate<{ status: number; text: string }[]>(`(async () => {
        const answers = [];
        for (const path of ["/", "/dashboard", "/openapi.json", "/api/sessions", "/metrics", "/cdn-cgi/explorer"]) {
          for (const headers of [{}, { "MF-Original-URL": "http://localhost:${port}" + path }, { "X-Forwarded-Host": "localhost" }]) {
            const answer = await fetch(path, { headers });
            answers.push({ status: answer.status, text: await answer.text() });
          }
        }
        return answers;
      })()`);
      expect(answers).toHaveLength(18);
      for (const { status, text } of answers) {
        expect(status).toBe(403);
        expect(text).not.toContain("session_id");
      }
    }
  });
});
