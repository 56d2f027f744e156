import { quote } from "../quote.ts";
import { type ConfigFault, describeConfigFault } from "./config-fault.ts";
import type { ConfigPathFault } from "./discovery.ts";
import type { Project, ProjectRef } from "./project.ts";

/** Every expected failure about projects. They travel as values, over RPC too. */
export type ProjectFailure =
  /** A config is there and cannot be used. `configPath` as far as it is known. */
  | { readonly kind: "config_invalid"; readonly configPath: string | null; readonly fault: ConfigFault }
  | { readonly kind: "config_path_invalid"; readonly path: string; readonly fault: ConfigPathFault }
  /** No project has this id or name; `near` are those whose name resembles it. */
  | { readonly kind: "project_not_found"; readonly project: string; readonly near: readonly ProjectRef[] }
  /** Several projects have this name; `matches` are the first of them. */
  | {
      readonly kind: "project_ambiguous";
      readonly name: string;
      readonly count: number;
      readonly matches: readonly Pick<Project, "id" | "root">[];
    }
  | { readonly kind: "project_limit"; readonly root: string; readonly limit: number }
  /** Strict mode: the call names another project than the config of the directory it works in. */
  | {
      readonly kind: "project_mismatch";
      readonly named: ProjectRef;
      readonly configured: ProjectRef;
      readonly configPath: string;
    };

/** The failure in words: what was wrong, the value, what to do. */
export function describeProjectFailure(failure: ProjectFailure): string {
  switch (failure.kind) {
    case "config_invalid":
      return `${describeConfigFault(failure.fault, failure.configPath)}. Correct it, then call set_working_directory with the corrected config`;
    case "config_path_invalid":
      return `config_path ${quote(failure.path)} ${failure.fault === "not_a_config" ? "is not the path of a project config" : "is not an absolute path that can be used"}. Pass the absolute path that ends in .codebase-mcp/config.json or .workflow-mcp/config.json, or leave it out`;
    case "project_not_found": {
      const near =
        failure.near.length === 0
          ? ""
          : `. Near matches: ${failure.near.map(({ id, name }) => `${quote(name)} (${id})`).join(", ")}`;
      return `project ${quote(failure.project)} is neither the id nor the exact name of a registered project (upper and lower case differ)${near}. Pass one of those that list_projects returns, or register it with register_project`;
    }
    case "project_ambiguous": {
      const matches = failure.matches.map(({ id, root }) => `${id} at ${quote(root)}`).join(", ");
      const more = failure.count > failure.matches.length ? ` and ${failure.count - failure.matches.length} more` : "";
      return `project ${quote(failure.name)} is the name of ${failure.count} projects: ${matches}${more}. Pass the id of the one you mean`;
    }
    case "project_limit":
      return `root ${quote(failure.root)} cannot be registered: there are already ${failure.limit} projects, which is the limit. Remove one that is no longer needed with remove_project`;
    case "project_mismatch":
      return `project ${quote(failure.named.name)} (${failure.named.id}) cannot be used here: the config ${quote(failure.configPath)} has strict_mode on and allows only ${quote(failure.configured.name)} (${failure.configured.id}). Leave project out, or call set_working_directory with a directory of the project that you mean`;
  }
}
