import { describe, expect, it } from "vitest";
import { fail, ok } from "../../src/model/failure.ts";
import type { Project } from "../../src/projects/project.ts";
import { describeProjectFailure } from "../../src/projects/project-failure.ts";
import { chooseProject, type SessionConfig } from "../../src/projects/resolve-project.ts";
import { switchProject } from "../../src/projects/switch-project.ts";

const project = (name: string, switches: Partial<Project> = {}): Project => ({
  id: `id-${name}`,
  name,
  root: `/${name}`,
  configPath: `/${name}/.codebase-mcp/config.json`,
  autoSwitch: true,
  strictMode: false,
  dryRun: false,
  ...switches,
});

const ref = (name: string) => ({ id: `id-${name}`, name });

const at = (found: Project, current = switchProject(null, found).project): SessionConfig => ({
  state: "found",
  workingDirectory: `${found.root}/src`,
  found,
  current,
});

const NO_CONFIG: SessionConfig = { state: "no_config", workingDirectory: "/nowhere" };
const NO_DIRECTORY: SessionConfig = { state: "no_directory" };
const UNUSABLE: SessionConfig = {
  state: "unusable",
  failure: {
    kind: "config_invalid",
    configPath: "/bad/.codebase-mcp/config.json",
    fault: { kind: "field_missing", field: "version", value: null, rule: "must be there" },
  },
};
const notFound = fail({ kind: "project_not_found" as const, project: "shpo", near: [ref("shop")] });

describe("resolution", () => {
  it("tier 1, explicit: a named project wins over every other tier", () => {
    const resolved = chooseProject({ explicit: ok(project("x")), session: at(project("s")), active: project("a") });
    expect(resolved).toEqual(
      ok({
        project: ref("x"),
        tier: "explicit",
        configPath: "/x/.codebase-mcp/config.json",
        reason: 'the call names "x"',
      }),
    );
  });

  it("an explicit project that is not found is an error and never falls through", () => {
    const resolved = chooseProject({ explicit: notFound, session: at(project("s")), active: project("a") });
    expect(resolved).toBe(notFound);
    expect(describeProjectFailure(notFound.failure)).toContain('"shpo" is neither the id nor the exact name');
    expect(describeProjectFailure(notFound.failure)).toContain('Near matches: "shop" (id-shop)');
  });

  it("tier 2, session: the working directory's config comes before the active project", () => {
    const resolved = chooseProject({ explicit: null, session: at(project("s")), active: project("a") });
    expect(resolved).toEqual(
      ok({
        project: ref("s"),
        tier: "session",
        configPath: "/s/.codebase-mcp/config.json",
        reason: '"/s/.codebase-mcp/config.json" is the nearest config from "/s/src" upward',
      }),
    );
  });

  it("a config that cannot be used is an error, not a silent fall-through", () => {
    const resolved = chooseProject({ explicit: null, session: UNUSABLE, active: project("a") });
    expect(resolved).toMatchObject({ ok: false, failure: { kind: "config_invalid" } });
    if (resolved.ok) throw new Error("resolved");
    expect(describeProjectFailure(resolved.failure)).toBe(
      'field "version" of the config "/bad/.codebase-mcp/config.json" is missing: it must be there. Correct it and send it again',
    );
  });

  it("an explicit project is used even if the config of the directory cannot be", () => {
    const resolved = chooseProject({ explicit: ok(project("x")), session: UNUSABLE, active: null });
    expect(resolved).toMatchObject({ ok: true, value: { tier: "explicit" } });
  });

  it.each([
    ["without a working directory", NO_DIRECTORY, "the session has no working directory"],
    ["without a config", NO_CONFIG, 'there is no config from "/nowhere" upward'],
  ])("tier 3, active: the principal's active project, %s", (_, session, why) => {
    expect(chooseProject({ explicit: null, session, active: project("a") })).toEqual(
      ok({
        project: ref("a"),
        tier: "active",
        configPath: "/a/.codebase-mcp/config.json",
        reason: `${why}; "a" is the active project`,
      }),
    );
  });

  it("tier 4, default: no project, with the reason", () => {
    expect(chooseProject({ explicit: null, session: NO_CONFIG, active: null })).toEqual(
      ok({
        project: null,
        tier: "default",
        configPath: null,
        reason: 'there is no config from "/nowhere" upward, and no project is active',
      }),
    );
  });
});

describe("auto_switch", () => {
  it("on: a session that enters the project switches to it, once", () => {
    const entered = switchProject(null, project("s"));
    expect(entered).toEqual({ project: ref("s"), switched: true, wouldSwitch: false });
    expect(switchProject(entered.project, project("s"))).toEqual({
      project: ref("s"),
      switched: false,
      wouldSwitch: false,
    });
    expect(switchProject(ref("other"), project("s"))).toMatchObject({ project: ref("s"), switched: true });
  });

  it("off: the project is reported and the session does not switch", () => {
    const off = project("s", { autoSwitch: false });
    expect(switchProject(ref("old"), off)).toEqual({ project: ref("old"), switched: false, wouldSwitch: false });
    expect(chooseProject({ explicit: null, session: at(off, ref("old")), active: null })).toMatchObject(
      ok({
        project: ref("old"),
        tier: "session",
        configPath: null,
        reason: expect.stringContaining("has auto_switch off"),
      }),
    );
  });

  it("off, in a session without a project: the next tier decides and gives the reason", () => {
    const session = at(project("s", { autoSwitch: false }));
    expect(chooseProject({ explicit: null, session, active: project("a") })).toMatchObject(
      ok({ tier: "active", reason: expect.stringContaining('names "s" but has auto_switch off; "a" is the active') }),
    );
  });

  it("a directory without a config takes the session off its project", () => {
    expect(switchProject(ref("old"), null)).toEqual({ project: null, switched: false, wouldSwitch: false });
  });

  it("a renamed project is the same project under its new name", () => {
    expect(switchProject({ id: "id-s", name: "old name" }, project("s", { autoSwitch: false }))).toEqual({
      project: ref("s"),
      switched: false,
      wouldSwitch: false,
    });
  });
});

describe("strict_mode", () => {
  const strict = project("s", { strictMode: true });

  it("refuses a call with another explicit project than the config's", () => {
    const refused = chooseProject({ explicit: ok(project("x")), session: at(strict), active: null });
    expect(refused).toMatchObject({
      ok: false,
      failure: { kind: "project_mismatch", named: ref("x"), configured: ref("s") },
    });
    if (refused.ok) throw new Error("resolved");
    expect(describeProjectFailure(refused.failure)).toContain("has strict_mode on and allows only");
  });

  it("allows the config's own project, and calls without an explicit one", () => {
    expect(chooseProject({ explicit: ok(strict), session: at(strict), active: null })).toMatchObject({ ok: true });
    expect(chooseProject({ explicit: null, session: at(strict), active: null })).toMatchObject({ ok: true });
  });

  it("also refuses if the session did not switch", () => {
    const kept = at(project("s", { strictMode: true, autoSwitch: false }), ref("x"));
    expect(chooseProject({ explicit: ok(project("x")), session: kept, active: null })).toMatchObject({ ok: false });
  });

  it("off: another explicit project is allowed", () => {
    const resolved = chooseProject({ explicit: ok(project("x")), session: at(project("s")), active: null });
    expect(resolved).toMatchObject({ ok: true, value: { tier: "explicit" } });
  });
});

describe("dry_run", () => {
  const dry = project("s", { dryRun: true });

  it("reports what would switch and changes nothing", () => {
    expect(switchProject(ref("old"), dry)).toEqual({ project: ref("old"), switched: false, wouldSwitch: true });
    expect(switchProject(null, dry)).toEqual({ project: null, switched: false, wouldSwitch: true });
    expect(chooseProject({ explicit: null, session: at(dry, ref("old")), active: null })).toMatchObject(
      ok({ project: ref("old"), reason: expect.stringContaining("has dry_run on") }),
    );
  });

  it("with auto_switch off nothing would switch", () => {
    expect(switchProject(null, project("s", { dryRun: true, autoSwitch: false }))).toMatchObject({
      wouldSwitch: false,
    });
  });
});
