import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { configArgument, sessionIdArgument, textArgument, toolInput } from "../../author/tool-input.ts";
import { fail, ok } from "../../model/failure.ts";
import { parseWorkingDirectory } from "../../model/working-directory.ts";
import { defaultConfigPath } from "../../projects/discovery.ts";
import { parseProjectConfig } from "../../projects/project-config.ts";
import { projectOutput, projectView, replyPart } from "../project-tool.ts";
import { sessionOutput, sessionText } from "../session-part.ts";

export const registerProject = defineTool({
  name: "register_project",
  title: "Register project",
  description:
    "Registers a project, so that every session in its root directory or below finds it. The same root again replaces it. Callers without a token " +
    "register for one session, which needs a working directory",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: toolInput({
    root: textArgument("Absolute path of the project's root directory"),
    config: configArgument("Content of its .codebase-mcp/config.json or .workflow-mcp/config.json"),
    session_id: sessionIdArgument,
  }),
  output: z.object({
    success: z.literal(true),
    created: z.boolean().describe("false: replaced"),
    registered: projectOutput,
    ...sessionOutput,
  }),
  async run({ root, config, session_id }, call) {
    const path = parseWorkingDirectory(root);
    if (!path.ok) return fail({ kind: "path_invalid", argument: "root", fault: path.failure, path: root });
    const parsed = parseProjectConfig(config);
    if (!parsed.ok) {
      return fail({ kind: "config_invalid", configPath: defaultConfigPath(path.value), fault: parsed.failure });
    }
    const registration = { root: path.value, configPath: null, config: parsed.value };
    const reply = await call.project(session_id, { operation: { kind: "register", registration } });
    if (!reply.ok) return reply;
    const { outcome } = reply.value;
    if (outcome?.ok === false) return outcome;
    if (outcome?.value.kind !== "register") throw new Error("The catalog answered another question");
    const { project, created } = outcome.value;
    const part = replyPart(reply.value);
    return ok({
      structured: { success: true as const, created, registered: projectView(project), ...part },
      text: `${created ? "Registered" : "Replaced"} project ${JSON.stringify(project.name)} (${project.id}) at ${JSON.stringify(project.root)}. ${sessionText(part)}`,
    });
  },
});
