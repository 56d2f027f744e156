/** Generates load from a separate process: wrk if it is installed, else autocannon, which `npm ci` installs. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HttpRequest } from "../library/operations.ts";

export type Generator = "wrk" | "autocannon";

export interface Load {
  readonly url: string;
  /** Sent in turn by all connections together. */
  readonly requests: readonly HttpRequest[];
  /**
   * Sent before each of the requests, and answered with the session header that the request then carries in place of
   * SESSION_PLACEHOLDER: both together are one operation.
   */
  readonly opening: HttpRequest | null;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Completed operations. */
  readonly operations: number;
  /** HTTP requests sent for them. */
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx, and failed connections. */
  readonly errors: number;
}

export const SESSION_PLACEHOLDER = "SESSION-PLACEHOLDER";
/** All ids have the same length, so that Content-Length can be written beforehand. */
export const ID_PLACEHOLDER = '"id":1000000000';

export const defaultGenerator = (): Generator => (spawnSync("wrk", ["-v"]).error === undefined ? "wrk" : "autocannon");

export async function runLoad(generator: Generator, load: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-session-load-"));
  try {
    return generator === "wrk"
      ? await runWrk(load, join(folder, "plan"))
      : await runAutocannon(load, join(folder, "plan"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runWrk({ url, requests, opening, connections, seconds }: Load, plan: string): Promise<LoadResult> {
  const raw = [...(opening ? [opening] : []), ...requests].map((request) => rawRequest(url, request, opening !== null));
  writeFileSync(plan, `${opening ? "open" : "turn"}\n${raw.map((text) => `${text.length}\n${text}`).join("")}`);
  const script = fileURLToPath(new URL("wrk.lua", import.meta.url));
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, url, "--", plan];
  return parse(await outputOf("wrk", args));
}

async function runAutocannon(load: Load, plan: string): Promise<LoadResult> {
  writeFileSync(plan, JSON.stringify(load));
  const program = fileURLToPath(new URL("autocannon.ts", import.meta.url));
  return parse(await outputOf(process.execPath, ["--no-warnings", program, plan]));
}

function parse(output: string): LoadResult {
  const line = output.trim().split("\n").at(-1) ?? "";
  return JSON.parse(line) as LoadResult;
}

function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}`))));
  });
}

/** A request as sent over the wire. */
function rawRequest(url: string, { path, headers, body }: HttpRequest, withId: boolean): string {
  const text = withId ? body.replace('"id":1', ID_PLACEHOLDER) : body;
  const all = { Host: new URL(url).host, ...headers, "Content-Length": String(Buffer.byteLength(text)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${text}`;
}
