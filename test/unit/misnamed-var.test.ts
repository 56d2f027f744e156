import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/settings/config.ts";

describe("a var that is not a setting", () => {
  it.each([
    ["SESSION_IDLE_TIMEOUT", "SESSION_IDLE_TIMEOUT_SECONDS"],
    ["SESSION_IDLE_TIMEOUT_MS", "SESSION_IDLE_TIMEOUT_SECONDS"],
    ["SESSION_TIMEOUT", "SESSION_IDLE_TIMEOUT_SECONDS"],
    ["MAX_SESSIONS", "MAX_SESSIONS_PER_PRINCIPAL"],
    ["MAX_SESSIONS_PER_USER", "MAX_SESSIONS_PER_PRINCIPAL"],
    ["REGISTRY_SHARD", "REGISTRY_SHARDS"],
    ["RATE_LIMIT", "RATE_LIMITS"],
    ["ALLOWED_HOST", "ALLOWED_HOSTS"],
    ["ALLOWED-ORIGINS", "ALLOWED_ORIGINS"],
    ["OPERATION_METRIC", "OPERATION_METRICS"],
    ["OPERATORKEY", "OPERATOR_KEY"],
    ["AUHT_MODE", "AUTH_MODE"],
    ["auth_mode", "AUTH_MODE"],
    ["AUTH_TOKEN", "AUTH_TOKENS"],
    ["JWT_AUD", "JWT_AUDIENCE"],
    ["JWT_JWKS_URI", "JWT_JWKS_URL"],
    ["JWT_SCOPES", "JWT_DEFAULT_SCOPES"],
    ["LOG_LEVL", "LOG_LEVEL"],
  ])("called %s is refused with the intended name: %s", (name, meant) => {
    const parse = () => parseConfig({ [name]: "secret value" });
    expect(parse).toThrow(
      new RegExp(`^Bad configuration: ${name} is not a setting\\. Rename it to [A-Z_]+, or [^\\n]+$`),
    );
    expect(parse).toThrow(
      meant === "JWT_DEFAULT_SCOPES" ? /JWT_(DEFAULT_SCOPES|SCOPE_CLAIMS)/ : `Rename it to ${meant},`,
    );
    expect(parse).not.toThrow(/secret value/);
  });

  it.each([
    "SESSION_SECRET",
    "JWT_SECRET",
    "AUTH_SECRET",
    "AUTH_URL",
    "MAX_UPLOAD_BYTES",
    "RATE_PER_HOUR",
    "REGISTRY_URL",
    "ALLOWED_EMAILS",
    "OPERATION_NAME",
    "LOG_FILE",
    "API_KEY",
    "ENVIRONMENT",
    "SESSION",
    "JWT",
    "LOCAL_DOOR_KEY",
  ])("called %s belongs to the author and passes", (name) => {
    expect(() => parseConfig({ [name]: "x" })).not.toThrow();
  });

  it("passes as a binding, which is an object, whatever its name", () => {
    expect(() => parseConfig({ SESSION_IDLE_TIMEOUT: { get() {} } })).not.toThrow();
  });

  it("is refused as a number too", () => {
    expect(() => parseConfig({ SESSION_IDLE_TIMEOUT: 60 })).toThrow("SESSION_IDLE_TIMEOUT_SECONDS");
  });
});
