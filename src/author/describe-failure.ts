import type { CallToolResult } from "@modelcontextprotocol/server";
import { isoTime } from "../base/iso-time.ts";
import { quote } from "../base/quote.ts";
import type { ToolFailure } from "../call/tool-failure.ts";
import type { PathFault } from "../model/failure.ts";
import { MAX_PATH_BYTES } from "../model/limits.ts";
import { describeProjectFailure } from "../projects/project-failure.ts";
import { shardNames } from "../registry/layout.ts";
import type { ServiceFailure } from "../rpc/session-service.ts";
import { describeStateFailure } from "../session/state-store.ts";
import { errorResult } from "./tool-result.ts";

/**
 * Describes a failure for a model or a log: what was wrong, the value, what to do. Does not mention tools, since every server
 * has its own.
 * @example
 * ```ts
 * import { describeFailure, type SessionService } from "mcp-session-context";
 *
 * async function directoryOf(context: SessionService, id: string): Promise<string | null> {
 *   const got = await context.getWorkingDirectory(id);
 *   if (!got.ok) throw new Error(describeFailure(got.failure));
 *   return got.value;
 * }
 * ```
 */
export function describeFailure(failure: ToolFailure | ServiceFailure): string {
  switch (failure.kind) {
    case "session_unknown":
      return `session_id ${quote(failure.sessionId)} is not a session of this server. Copy it exactly as an earlier result gave it (sess_ and 43 characters), or leave it out to open a new session`;
    case "session_deleted":
      return `Session ${quote(failure.sessionId)} of the Mcp-Session-Id header was ended with DELETE. Initialize a new one, or pass this id as session_id`;
    case "path_invalid":
      return `${failure.argument} ${quote(failure.path)} ${PATH_FAULTS[failure.fault]}`;
    case "no_context":
      return failure.sessionId === null
        ? "This needs a session, and the call names none. Pass the session_id of an earlier result"
        : `Session ${quote(failure.sessionId)} has no context: nothing was set, it was ended, or it expired`;
    case "registry_unavailable":
      return `The sessions cannot be counted or listed right now: ${shardNames(failure.shards)} not responding, and an incomplete answer would be wrong. Try again in a few seconds`;
    case "quota_exceeded": {
      const oldest = failure.oldest.map(({ sessionId, openedAt }) => `${sessionId} (opened ${isoTime(openedAt)})`);
      return `You have ${failure.limit} active sessions, which is the limit. Nothing was set. End one that is no longer needed, for example ${oldest.join(" or ")}`;
    }
    case "anonymous_refused":
      return "This call was made without a token, so the server cannot tell which sessions are yours. Without a token the session_id is the only key to a session";
    case "cursor_invalid":
      return `cursor ${quote(failure.cursor)} was not given by an earlier result. Pass it as that result gave it, or leave it out for the first page`;
    case "rate_limited":
      return `Too many calls stored something in a short time. Nothing was changed. Try again in ${failure.retryAfterSeconds} seconds`;
    case "session_unavailable":
      return `Session ${quote(failure.sessionId)} is busy. Nothing was changed. Try again in a few seconds`;
    case "outcome_unknown":
      return `Session ${quote(failure.sessionId)} was interrupted during this call, and it is not known whether the change was made. Read what is there before you try again`;
    case "service_unnamed":
      return 'The service binding names no service. Add props = { service = "NAME" } to it in wrangler.toml';
    case "session_id_invalid":
      return `Session id ${quote(failure.sessionId)} must be text of 1 to 512 bytes of UTF-8`;
    case "state_key_invalid":
    case "state_value_invalid":
    case "state_conflict":
    case "state_mismatch":
    case "state_too_many_keys":
    case "state_too_large":
      return describeStateFailure(failure);
    case "config_invalid":
    case "config_path_invalid":
    case "config_missing":
    case "config_unregistered":
    case "catalog_unavailable":
    case "project_not_found":
    case "project_ambiguous":
    case "project_limit":
    case "project_mismatch":
      return describeProjectFailure(failure);
  }
}

/**
 * The failure as the result of a tool call.
 * @example
 * ```ts
 * import { failureResult, type ServerSession } from "mcp-session-context";
 *
 * async function forget(session: ServerSession, session_id?: string) {
 *   const ended = await session.end(session_id);
 *   if (!ended.ok) return failureResult(ended.failure);
 *   return { content: [], structuredContent: { forgotten: ended.value.ended } };
 * }
 * ```
 */
export const failureResult = (failure: ToolFailure | ServiceFailure): CallToolResult =>
  errorResult(describeFailure(failure));

const PATH_FAULTS: Record<PathFault, string> = {
  empty: 'is empty. Pass the absolute path of the project directory, such as "/home/me/project"',
  blank: 'consists of white space only. Pass the absolute path of the project directory, such as "/home/me/project"',
  relative:
    'is not an absolute path. This server cannot see your disk, so it cannot resolve a relative one: pass "/home/me/project", "C:\\project", "\\\\host\\share\\project" or "file:///home/me/project"',
  too_long: `is longer than ${MAX_PATH_BYTES} bytes of UTF-8. Pass a shorter path`,
  control_character: "contains a NUL or other control character. Pass the path without it",
  lone_surrogate: "contains half of a surrogate pair, so it is not valid Unicode. Pass the path as valid text",
  bad_file_uri:
    'is not a file URI that names an absolute path: want "file:///home/me/project", percent-encoded, without query, fragment, user, port or encoded separators',
  other_scheme:
    'begins with a URI scheme other than file. Pass the path as the machine that has the directory writes it: "/home/me/project", not "vscode-remote://wsl+Ubuntu/home/me/project"',
  posix_or_windows:
    'can be read as a POSIX path and as a Windows path. Write "/home/me/project" with one slash in front, "\\\\host\\share\\project" or "C:\\project"',
  joined_paths: "has a second absolute path inside it, as if it were relative. Pass that one alone",
  drive_without_root:
    'names a drive but no absolute path on it. Write a separator after the colon, as in "C:\\project"',
  unc_without_share: 'is a UNC path without host and share, or with no valid host. Write "\\\\host\\share\\project"',
  device_path: 'is a Windows device path. Pass the plain path, such as "C:\\project"',
  windows_name:
    'has a name that Windows does not allow: < > : " | ? * in it, only dots or spaces, or a dot or space at the end behind "\\\\?\\". Pass the directory as Explorer shows it, such as "C:\\project"',
};
