import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { descendantsOf, runScript, survivorsOf } from "./support/processes.ts";
import { ownFolder } from "./support/servers.ts";

const POLL = { timeout: 60_000, interval: 50 };
const FIRST_STEPS = /^ +2 .* ok$/m;

it("npm run demo shows all its steps, exits with 0, and leaves no process and no file behind", async () => {
  const folder = ownFolder();
  const demo = runScript("scripts/demo/main.ts", [], { TMPDIR: folder });
  await expect.poll(() => demo.stdout(), POLL).toMatch(FIRST_STEPS);
  const processes = descendantsOf(demo.pid);
  expect(await demo.exitCode).toBe(0);
  expect(demo.stderr()).toBe("");
  expect(demo.stdout()).toMatch(/All \d+ steps happened as they should/);
  expect(demo.stdout()).not.toContain("FAILED");
  expect(survivorsOf(processes)).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

it("npm run demo cleans up and exits with 1 if it is interrupted", async () => {
  const folder = ownFolder();
  const demo = runScript("scripts/demo/main.ts", [], { TMPDIR: folder });
  await expect.poll(() => demo.stdout(), POLL).toMatch(FIRST_STEPS);
  const processes = descendantsOf(demo.pid);
  demo.kill("SIGINT");
  expect(await demo.exitCode).toBe(1);
  await expect.poll(() => survivorsOf(processes), POLL).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});
