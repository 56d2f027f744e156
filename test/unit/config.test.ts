import { describe, expect, it } from "vitest";
import { LIST_PAGE } from "../../src/call/limits.ts";
import { MAX_BATCH_MESSAGES } from "../../src/http/mcp/limits.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { MAX_REGISTRY_SHARDS, OPERATIONS_FLUSH_MS } from "../../src/settings/limits.ts";

describe("configuration", () => {
  it("has a default for every setting", () => {
    expect(parseConfig({})).toEqual({
      idleTimeoutMs: 86_400_000,
      maxAgeMs: 0,
      maxSessionsPerPrincipal: 1000,
      registryShards: 16,
      logLevel: "info",
      allowedHosts: [],
      allowedOrigins: [],
      publicUrl: null,
      jurisdiction: null,
      rateLimited: true,
      operationFlushMs: OPERATIONS_FLUSH_MS,
      auth: { mode: "none", operatorKey: null },
    });
  });

  it("counts tool calls unless told not to, and reports them within the time that a Worker may run after its response", () => {
    expect(parseConfig({ OPERATION_METRICS: "off" }).operationFlushMs).toBeNull();
    expect(OPERATIONS_FLUSH_MS).toBeLessThanOrEqual(25_000);
  });

  it("accepts lists with spaces and capitals, and drops empty items", () => {
    expect(parseConfig({ ALLOWED_HOSTS: " MCP.example.com, *.example.org ,," }).allowedHosts).toEqual([
      "mcp.example.com",
      "*.example.org",
    ]);
  });

  it("accepts the public address with or without a slash, and allows its host and pages", () => {
    for (const url of ["https://MCP.example.com", "https://mcp.example.com/", "https://mcp.example.com:443"]) {
      const { publicUrl, allowedHosts, allowedOrigins } = parseConfig({ PUBLIC_URL: url, ALLOWED_HOSTS: "a.example" });
      expect(publicUrl).toBe("https://mcp.example.com");
      expect(allowedHosts).toEqual(["a.example", "mcp.example.com"]);
      expect(allowedOrigins).toEqual(["mcp.example.com"]);
    }
    expect(parseConfig({ PUBLIC_URL: "http://localhost:8787" }).publicUrl).toBe("http://localhost:8787");
  });

  it.each([
    ["PUBLIC_URL", "mcp.example.com", "https URL without path"],
    ["PUBLIC_URL", "http://mcp.example.com", "https URL"],
    ["PUBLIC_URL", "https://mcp.example.com/mcp", "without path"],
    ["PUBLIC_URL", "https://mcp.example.com/?a"],
    ["PUBLIC_URL", "https://mcp.example.com/#a"],
    ["PUBLIC_URL", "https://me:secret@mcp.example.com"],
    ["SESSION_IDLE_TIMEOUT_SECONDS", "0"],
    ["SESSION_IDLE_TIMEOUT_SECONDS", "-5"],
    ["SESSION_IDLE_TIMEOUT_SECONDS", "1.5"],
    ["SESSION_IDLE_TIMEOUT_SECONDS", "abc", "whole number"],
    ["SESSION_IDLE_TIMEOUT_SECONDS", ""],
    ["REGISTRY_SHARDS", "0", "from 1 to 256"],
    ["REGISTRY_SHARDS", "1e3"],
    ["REGISTRY_SHARDS", "257", "from 1 to 256"],
    ["LOG_LEVEL", "loud", '"debug"'],
    ["ALLOWED_HOSTS", "https://example.com"],
    ["ALLOWED_HOSTS", "example.com:8080"],
    ["ALLOWED_ORIGINS", "*"],
    ["SESSION_JURISDICTION", "mars"],
    ["OPERATION_METRICS", "yes"],
    ["JWT_DEFAULT_SCOPES", "sessions, Admin", "sessions, admin"],
  ])("%s = %j is refused in one line that names both", (name, value, wanted = name) => {
    const parse = () => parseConfig({ [name]: value });
    expect(parse).toThrow(`${name} is ${JSON.stringify(value)}`);
    expect(parse).toThrow(/^[^\n]+$/);
    expect(parse).toThrow(wanted);
  });

  it("allows no more shards than a batch of counts may call, and 48 on the free plan", () => {
    expect(MAX_BATCH_MESSAGES * MAX_REGISTRY_SHARDS).toBeLessThan(10_000);
    expect(MAX_BATCH_MESSAGES * 48).toBeLessThan(1000);
    // A listing calls each session on the page, the principal's shard and shard 0.
    expect(MAX_BATCH_MESSAGES * (LIST_PAGE + 2)).toBeLessThan(1000);
  });
});
