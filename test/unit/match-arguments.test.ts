/** Which names in a call match an argument of the tool, which are unrelated, and which must be misspelt. */
import { describe, expect, it } from "vitest";
import { matchArguments } from "../../src/author/match-arguments.ts";

const NAMES = ["directory", "session_id", "config", "config_path", "project", "root", "cursor"];
const OPTIONAL = new Set(NAMES.slice(1));
const match = (given: Record<string, unknown>) => matchArguments(given, NAMES, OPTIONAL);

describe("an argument of a call", () => {
  it.each([
    ["sessionId", "session_id"],
    ["SessionID", "session_id"],
    ["session-id", "session_id"],
    ["sessionid", "session_id"],
    ["configPath", "config_path"],
    ["Directory", "directory"],
    ["ROOT", "root"],
  ])("%s is %s", (given, name) => {
    expect(match({ [given]: "x" })).toEqual({ values: { [name]: "x" }, ignored: [], misspelt: [] });
  });

  it.each([
    ...["sesion_id", "session_idd", "sessoin_id", "session", "session_ids", "direcotry", "directry", "directory_path"],
    ...[
      "confg",
      "cofnig",
      "config_pth",
      "config_file",
      "projet",
      "porject",
      "project_id",
      "project_name",
      "roots",
      "cursr",
    ],
  ])("%s must be misspelt", (name) => {
    expect(match({ [name]: "x" })).toEqual({ values: {}, ignored: [name], misspelt: [name] });
  });

  it.each([
    ...["toolCallId", "conversation_id", "request_id", "requestHeartbeat", "task_progress", "explanation", "confirm"],
    ...["object", "tool", "role", "host", "security_risk", "metadata", "chatInput", "id", "action", "traceparent", ""],
    ...["constructor", "toString", "hasOwnProperty"],
  ])("%j is unrelated", (name) => {
    expect(match({ [name]: "x" })).toEqual({ values: {}, ignored: [name], misspelt: [] });
  });

  it("that is null or empty counts as given only if it is required", () => {
    expect(match({ directory: "", session_id: "", config: null }).values).toEqual({ directory: "" });
    expect(match({ directory: null }).values).toEqual({ directory: null });
    expect(match({ session_id: " ", config: {} }).values).toEqual({ session_id: " ", config: {} });
  });

  it("under its exact name wins, unless that is null or empty; the other is ignored", () => {
    expect(match({ sessionId: "a", session_id: "b" })).toEqual({
      values: { session_id: "b" },
      ignored: ["sessionId"],
      misspelt: [],
    });
    expect(match({ sessionId: "a", session_id: null }).values).toEqual({ session_id: "a" });
  });
});
