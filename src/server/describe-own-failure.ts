import { describeFailure } from "../author/describe-failure.ts";
import type { ToolFailure } from "../call/tool-failure.ts";

/** Hints at the tool of this server that helps. Null: no tool does, or the description already says what to do. */
const HINTS: Readonly<Record<ToolFailure["kind"], string | null>> = {
  session_unknown: "To open one, call set_working_directory without session_id",
  session_deleted: null,
  no_context: "Call set_working_directory with the absolute path of the project directory first",
  quota_exceeded: "end_session ends one; list_sessions shows them all",
  anonymous_refused:
    "Find it in an earlier result of this conversation, or call set_working_directory to open a new session",
  outcome_unknown: "Use get_session_context for that",
  config_unregistered: "Call set_working_directory with it again",
  project_not_found: "list_projects shows them all; register_project registers another",
  project_limit: "Use remove_project for that",
  project_mismatch: "Use set_working_directory for that",
  path_invalid: null,
  registry_unavailable: null,
  cursor_invalid: null,
  rate_limited: null,
  session_unavailable: null,
  state_key_invalid: null,
  state_value_invalid: null,
  state_conflict: null,
  state_mismatch: null,
  state_too_many_keys: null,
  state_too_large: null,
  config_invalid: null,
  config_path_invalid: null,
  config_missing: null,
  catalog_unavailable: null,
  project_ambiguous: null,
};

/** Describes a failure for a model that has this server's own tools. */
export function describeOwnFailure(failure: ToolFailure): string {
  const hint = HINTS[failure.kind];
  const words = describeFailure(failure);
  return hint === null ? words : `${words}. ${hint}`;
}
