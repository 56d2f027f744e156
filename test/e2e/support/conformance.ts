/** The scenarios of the conformance suite that apply to this project's own server. docs/conformance.md lists the others. */
import type { Revision } from "../../../scripts/conformance/suite.ts";

export interface Run {
  readonly scenario: string;
  readonly revision: Revision;
  /** Checks that cannot succeed, by reason. All others must succeed, and these must fail, or the list is wrong. */
  readonly except?: Readonly<Record<string, readonly string[]>>;
}

const ANSWERS_ARE_JSON = { "answers are plain JSON, streams are optional": ["server-sse-streams-functional"] };

/** Every scenario that needs no special tools, prompts or resources. */
export const RUNS: readonly Run[] = [
  { scenario: "server-initialize", revision: "2025-11-25" },
  { scenario: "server-session-lifecycle", revision: "2025-11-25" },
  { scenario: "ping", revision: "2025-11-25" },
  { scenario: "tools-list", revision: "2025-11-25" },
  { scenario: "dns-rebinding-protection", revision: "2025-11-25" },
  { scenario: "server-sse-multiple-streams", revision: "2025-11-25", except: ANSWERS_ARE_JSON },
  { scenario: "tools-list", revision: "2026-07-28" },
  { scenario: "http-header-validation", revision: "2026-07-28" },
  { scenario: "dns-rebinding-protection", revision: "2026-07-28" },
  { scenario: "input-required-result-unsupported-methods", revision: "2026-07-28" },
  { scenario: "server-sse-multiple-streams", revision: "2026-07-28", except: ANSWERS_ARE_JSON },
  {
    scenario: "server-stateless",
    revision: "2026-07-28",
    except: {
      "needs fixture tools": [
        "sep-2575-server-rejects-undeclared-capability",
        "sep-2575-missing-capability-http-400",
        "sep-2575-http-server-no-independent-requests-on-stream",
        "sep-2575-server-no-log-without-loglevel",
      ],
      "no list here ever changes": [
        "sep-2575-server-sends-prompts-list-changed-on-subscription",
        "sep-2575-server-sends-tools-list-changed-on-subscription",
      ],
    },
  },
  {
    scenario: "caching",
    revision: "2026-07-28",
    except: {
      "no prompts": ["sep-2549-prompts-list-caching-hints"],
      "no resources": [
        "sep-2549-resources-list-caching-hints",
        "sep-2549-resources-templates-list-caching-hints",
        "sep-2549-resources-read-caching-hints",
      ],
    },
  },
];
