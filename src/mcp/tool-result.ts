import type { CallToolResult } from "@modelcontextprotocol/server";
import { MAX_PATH_BYTES } from "../constants.ts";
import type { PathFault } from "../failure.ts";
import { describeProjectFailure } from "../projects/project-failure.ts";
import { quote } from "../quote.ts";
import { shardNames } from "../registry/layout.ts";
import { describeStateFailure } from "../session/session-state.ts";
import type { ToolFailure } from "./tool-failure.ts";

/** What a tool returns: data for programs, and the same in a sentence for models that read only text. */
export interface ToolAnswer<T extends Record<string, unknown> = Record<string, unknown>> {
  readonly structured: T;
  readonly text: string;
}

export const answerResult = ({ structured, text }: ToolAnswer): CallToolResult => ({
  content: [{ type: "text", text }],
  structuredContent: structured,
});

/** A failure as a tool error: what was wrong, the value, and what the model should do. */
export const failureResult = (failure: ToolFailure): CallToolResult => errorResult(describe(failure));

export const errorResult = (text: string): CallToolResult => ({ content: [{ type: "text", text }], isError: true });

/** The failure in words, for a model. */
export function describe(failure: ToolFailure): string {
  switch (failure.kind) {
    case "session_unknown":
      return `session_id ${quote(failure.sessionId)} is not a session of this server. Copy it exactly as an earlier result gave it (sess_ and 43 characters), or call set_working_directory without session_id to open a new session`;
    case "session_deleted":
      return `Session ${quote(failure.sessionId)} was ended for good by its client. Call set_working_directory without session_id to open a new session`;
    case "path_invalid":
      return `${failure.argument} ${quote(failure.path)} ${PATH_FAULTS[failure.fault]}`;
    case "registry_unavailable":
      return `The sessions cannot be counted or listed right now: ${shardNames(failure.shards)} not responding, and an incomplete answer would be wrong. Try again in a few seconds`;
    case "quota_exceeded": {
      const oldest = failure.oldest.map(
        ({ sessionId, openedAt }) => `${sessionId} (opened ${new Date(openedAt).toISOString()})`,
      );
      return `You have ${failure.limit} active sessions, as many as you may have. Nothing was set. End one with end_session, for example ${oldest.join(" or ")}; list_sessions shows them all`;
    }
    case "anonymous_refused":
      return "list_sessions shows callers their own sessions, and this call came without a token: nobody can tell which sessions are yours. Without a token the session_id is the only key to a session; find it in an earlier result of this conversation, or call set_working_directory to open a new one";
    case "cursor_invalid":
      return `cursor ${quote(failure.cursor)} was not given by list_sessions. Pass next_cursor of an earlier result as it is, or leave it out to begin with the newest session`;
    case "no_context":
      return failure.sessionId === null
        ? "This needs a session, and the call names none. Call set_working_directory with the absolute path of the project directory, then pass the session_id of its result"
        : `Session ${quote(failure.sessionId)} has no working directory: none was set, it was ended, or it expired. Call set_working_directory with this session_id first`;
    case "rate_limited":
      return `Too many calls that store something, such as set_working_directory or register_project, in a short time. Nothing was changed. Try again in ${failure.retryAfterSeconds} seconds`;
    case "session_unavailable":
      return `Session ${quote(failure.sessionId)} is busy. Nothing was changed. Try again in a few seconds`;
    case "outcome_unknown":
      return `Session ${quote(failure.sessionId)} was interrupted during this call, and it is not known whether the change was made. Call get_session_context to see what is there before you try again`;
    case "state_key_invalid":
    case "state_value_invalid":
    case "state_conflict":
    case "state_mismatch":
    case "state_too_many_keys":
    case "state_too_large":
      return describeStateFailure(failure);
    default:
      return describeProjectFailure(failure);
  }
}

const PATH_FAULTS: Record<PathFault, string> = {
  empty: 'is empty. Pass the absolute path of the project directory, such as "/home/me/project"',
  blank: 'consists of white space only. Pass the absolute path of the project directory, such as "/home/me/project"',
  relative:
    'is not an absolute path. This server cannot see your disk, so it cannot resolve a relative one: pass "/home/me/project", "C:\\project", "\\\\host\\share\\project" or "file:///home/me/project"',
  too_long: `is longer than ${MAX_PATH_BYTES} bytes of UTF-8. Pass a shorter path`,
  control_character: "contains a NUL or other control character. Pass the path without it",
  lone_surrogate: "contains half of a surrogate pair and is no valid Unicode. Pass the path as valid text",
  bad_file_uri:
    'is not a file URI that names a path: want "file:///home/me/project", percent-encoded, without query, fragment or encoded separators',
  drive_without_root:
    'names a drive but no absolute path on it. Write a separator after the colon, as in "C:\\project"',
  unc_without_share: 'is a UNC path without host and share. Write "\\\\host\\share\\project"',
  device_path: 'is a Windows device path. Pass the plain path, such as "C:\\project"',
};
