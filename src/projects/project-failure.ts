import { quote } from "../base/quote.ts";
import { type ConfigFault, describeConfigFault } from "./config-fault.ts";
import { type ConfigPathFault, configRoot } from "./discovery.ts";
import type { Project, ProjectRef } from "./project.ts";

/**
 * Every expected failure about projects. They are returned as values, also over RPC.
 * @example
 * ```ts
 * import type { ProjectFailure } from "mcp-session-context";
 *
 * const candidates = (failure: ProjectFailure) => (failure.kind === "project_not_found" ? failure.near : []);
 * ```
 */
export type ProjectFailure =
  /** A config exists but cannot be used. `configPath` is null if unknown. */
  | { readonly kind: "config_invalid"; readonly configPath: string | null; readonly fault: ConfigFault }
  | { readonly kind: "config_path_invalid"; readonly path: string; readonly fault: ConfigPathFault }
  /** A config path came without the config: the server cannot read the client's disk. */
  | { readonly kind: "config_missing"; readonly path: string }
  /** A config came with a directory, but the catalog did not answer, so it was not registered. */
  | { readonly kind: "config_unregistered"; readonly configPath: string }
  /** The principal's catalog did not answer; falling back to another tier would be a guess. */
  | { readonly kind: "catalog_unavailable" }
  /** No project has this id or name; `near` lists projects with similar names. */
  | { readonly kind: "project_not_found"; readonly project: string; readonly near: readonly ProjectRef[] }
  /** Several projects have this name; `matches` are the first of them. */
  | {
      readonly kind: "project_ambiguous";
      readonly name: string;
      readonly count: number;
      readonly matches: readonly Pick<Project, "id" | "root">[];
    }
  /** The catalog has reached its project limit, or would exceed its size limit. */
  | {
      readonly kind: "project_limit";
      readonly root: string;
      readonly configPath: string;
      readonly limit: number;
      readonly unit: "projects" | "bytes";
    }
  /** Strict mode: the call names a project other than that of the working directory's config. */
  | {
      readonly kind: "project_mismatch";
      readonly named: ProjectRef;
      readonly configured: ProjectRef;
      readonly configPath: string;
    };

/** The path of the config that a failure is about; null if it is about none, or the path is unknown. */
export function failedConfigPath(failure: ProjectFailure): string | null {
  switch (failure.kind) {
    case "config_invalid":
    case "config_unregistered":
    case "project_limit":
      return failure.configPath;
    case "config_missing": {
      const place = configRoot(failure.path);
      return place.ok ? place.value.configPath : null;
    }
    case "config_path_invalid":
    case "catalog_unavailable":
    case "project_not_found":
    case "project_ambiguous":
    case "project_mismatch":
      return null;
  }
}

/** The root of the config that a failure is about; null if unknown. */
export function failedRoot(failure: ProjectFailure): string | null {
  const path = failedConfigPath(failure);
  const place = path === null ? null : configRoot(path);
  return place?.ok ? place.value.root : null;
}

/** The failure in words: what was wrong, the value, what to do. */
export function describeProjectFailure(failure: ProjectFailure): string {
  switch (failure.kind) {
    case "config_invalid":
      return `${describeConfigFault(failure.fault, failure.configPath)}. Correct it and send it again`;
    case "config_path_invalid":
      return `config_path ${quote(failure.path)} ${describeConfigPathFault(failure.fault)}. Pass the absolute path that ends in .codebase-mcp/config.json or .workflow-mcp/config.json, in the working directory or above it, or leave it out`;
    case "config_missing":
      return `config_path ${quote(failure.path)} came without config, and this server cannot read your disk. Pass the content of that file as config`;
    case "config_unregistered":
      return `the config ${quote(failure.configPath)} could not be registered: the catalog of projects did not answer, so it has to be sent again`;
    case "catalog_unavailable":
      return "Projects cannot be looked up right now, and no other project is assumed. Try again in a few seconds";
    case "project_not_found": {
      const near =
        failure.near.length === 0
          ? ""
          : `. Near matches: ${failure.near.map(({ id, name }) => `${quote(name)} (${id})`).join(", ")}`;
      return `project ${quote(failure.project)} is neither the id nor the exact name of a registered project (upper and lower case differ)${near}. Pass the id or exact name of a registered one`;
    }
    case "project_ambiguous": {
      const matches = failure.matches.map(({ id, root }) => `${id} at ${quote(root)}`).join(", ");
      const more = failure.count > failure.matches.length ? ` and ${failure.count - failure.matches.length} more` : "";
      return `project ${quote(failure.name)} is the name of ${failure.count} projects: ${matches}${more}. Pass the id of the one you mean`;
    }
    case "project_limit":
      return failure.unit === "projects"
        ? `root ${quote(failure.root)} cannot be registered: there are already ${failure.limit} projects, which is the limit. Remove one that is no longer needed`
        : `root ${quote(failure.root)} cannot be registered: all configs and paths together would have more than ${failure.limit} bytes, which is the limit. Make this config shorter, or remove projects that are no longer needed`;
    case "project_mismatch":
      return `project ${quote(failure.named.name)} (${failure.named.id}) cannot be used here: the config ${quote(failure.configPath)} has strict_mode on and allows only ${quote(failure.configured.name)} (${failure.configured.id}). Omit project, or change to a working directory of the project that you need`;
  }
}

function describeConfigPathFault(fault: ConfigPathFault): string {
  switch (fault) {
    case "not_a_config":
      return "is not the path of a project config";
    case "not_above":
      return "does not belong to the working directory or a directory within 19 levels above it";
    case "posix_or_windows":
      return "can be read as a POSIX path and as a Windows path";
    case "joined_paths":
      return "has a second absolute path inside it";
    case "other_scheme":
      return "begins with a URI scheme other than file";
    case "windows_name":
      return "has a name that Windows does not allow";
    case "empty":
    case "blank":
    case "relative":
    case "too_long":
    case "control_character":
    case "lone_surrogate":
    case "bad_file_uri":
    case "drive_without_root":
    case "unc_without_share":
    case "device_path":
      return "is not an absolute path that can be used";
  }
}
