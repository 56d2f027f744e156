import { expect, it } from "vitest";
import { clientOfInfo, clientOfUserAgent } from "../../src/http/edge/client-label.ts";

it.each([
  ["claude-code/2.1.0 (external, cli)", "claude-code/2.1.0"],
  ["python-httpx/0.27", "python-httpx/0.27"],
  ["Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0"],
  ["node", "node"],
  ["node/", "node"],
  ["curl/8.0\u0007", "curl"],
  ["/home/me/secret", "other"],
  [`eyJ${"A".repeat(60)}`, "other"],
  [`sess_${"A".repeat(43)}`, "other"],
  [`name/${"1".repeat(21)}`, "name"],
  ["", undefined],
  [null, undefined],
])("the log shows the user agent %j as %j", (userAgent, label) => {
  expect(clientOfUserAgent(userAgent)).toBe(label);
});

it.each([
  [{ name: "Visual Studio Code", version: "1.99.0-insider" }, "Visual Studio Code/1.99.0-insider"],
  [{ name: "codex" }, "codex"],
  [{ name: "a\nb", version: "1" }, "other"],
  [{ name: "/home/me", version: "1" }, "other"],
  [{ name: "x".repeat(41), version: "1" }, "other"],
  [{ name: "x", version: "/home/me" }, "x"],
  [{ name: 7, version: "1" }, "other"],
  [{}, undefined],
  ["codex", undefined],
  [null, undefined],
  [undefined, undefined],
])("the log shows the client info %j as %j", (info, label) => {
  expect(clientOfInfo(info)).toBe(label);
});
