import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { configArgument, sessionIdArgument, textArgument, toolInput } from "../../author/tool-input.ts";
import { fail, ok, type Result } from "../../model/failure.ts";
import { parseWorkingDirectory } from "../../model/working-directory.ts";
import type { ProjectRegistration } from "../../projects/catalog-requests.ts";
import { ancestors, configRoot, defaultConfigPath, rootKey } from "../../projects/discovery.ts";
import { parseProjectConfig } from "../../projects/project-config.ts";
import { failedConfigPath, type ProjectFailure } from "../../projects/project-failure.ts";
import { resolveFor } from "../../session/session-project.ts";
import { projectRef, projectText, sessionOutput, sessionPart } from "../session-part.ts";

export const setWorkingDirectory = defineTool({
  name: "set_working_directory",
  title: "Set working directory",
  description:
    "Sets the directory that this conversation works in and switches to its project. Call it first, and whenever the project changes. The result " +
    "has the session_id to pass to every later call; without session_id a new session is opened, unless your client keeps one itself. " +
    "This server cannot read the client's disk: if the directory or one above it has .codebase-mcp/config.json or " +
    ".workflow-mcp/config.json, pass its content as config and its path as config_path",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: toolInput({
    directory: textArgument(
      'Absolute path on the client\'s machine: "/home/me/project", "C:\\project", "\\\\host\\share\\project" or a file:// URI',
    ),
    session_id: sessionIdArgument,
    config: configArgument("Content of the project's config file, which registers the project").optional(),
    config_path: textArgument("Path of that file; default: .codebase-mcp/config.json in the directory").optional(),
  }),
  output: z.object({
    success: z.literal(true),
    created: z.boolean().describe("false: an existing context was changed"),
    config_found: z.boolean(),
    config_path: z.string().nullable(),
    project_info: projectRef.nullable().describe("{id, name}"),
    switched: z.boolean(),
    would_switch: z.boolean().optional().describe("In a project with dry_run"),
    ...sessionOutput,
  }),
  async run({ directory, session_id, config, config_path }, call, client) {
    const path = parseWorkingDirectory(directory);
    if (!path.ok) return fail({ kind: "path_invalid", argument: "directory", fault: path.failure, path: directory });
    const inline = inlineConfig(path.value, config, config_path);
    const set = await call.set(session_id, { workingDirectory: path.value, config: inline, client });
    if (!set.ok) return set;
    const { created, context, switched, wouldSwitch } = set.value;
    const { found, failure } = context.project;
    const resolved = resolveFor(context);
    const part = sessionPart(context.sessionId, context, resolved);
    // Tells models that read only text why the session did not switch.
    const reason = resolved.ok ? `: ${resolved.value.reason}` : "";
    return ok({
      structured: {
        success: true as const,
        created,
        config_found: found !== null || failure !== null,
        config_path: found?.configPath ?? (failure && failedConfigPath(failure)),
        project_info: found && { name: found.name, id: found.id },
        switched,
        ...(wouldSwitch ? { would_switch: true } : {}),
        ...part,
      },
      text: `Working directory set to ${JSON.stringify(part.working_directory)} in ${created ? "a new context of " : ""}session_id ${part.session_id}, kept until ${part.expires_at} and longer with every use. Pass this session_id to every later call. ${projectText(part)}${reason}`,
    });
  },
});

/** Validates the config that came with the directory. A bad config is a failure value: it must not stop the directory from being set. */
function inlineConfig(
  directory: string,
  config: string | object | undefined,
  path: string | undefined,
): Result<ProjectRegistration, ProjectFailure> | null {
  if (config === undefined) return path === undefined ? null : fail({ kind: "config_missing", path });
  const place =
    path === undefined ? ok({ root: directory, configPath: defaultConfigPath(directory) }) : configRoot(path);
  if (!place.ok) return fail({ kind: "config_path_invalid", path: path ?? "", fault: place.failure });
  const { root, configPath } = place.value;
  if (!ancestors(directory).some((ancestor) => rootKey(ancestor) === rootKey(root))) {
    return fail({ kind: "config_path_invalid", path: configPath, fault: "not_above" });
  }
  const parsed = parseProjectConfig(config);
  if (!parsed.ok) return fail({ kind: "config_invalid", configPath, fault: parsed.failure });
  return ok({ root, configPath, config: parsed.value });
}
