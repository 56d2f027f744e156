import type { Mutation } from "../mutation.ts";

const CONTEXT = "src/session/session-context.ts";
const LIFE = "src/session/session-life.ts";
const INTERLEAVINGS = ["test/objects/interleavings.test.ts"];
const OBJECT = ["test/objects/session-object.test.ts"];
const REGISTRATION = ["test/objects/registration.test.ts"];
const UNIT = ["test/unit/session-context.test.ts"];

/** Registering and unregistering a context, by the call and by its alarm. */
export const REGISTRATION_MUTATIONS: readonly Mutation[] = [
  {
    name: "a registration under way does not count as confirmed",
    file: CONTEXT,
    find: "alarm === null || alarm < session.registration.deadline",
    replace: "alarm === null",
    tests: ["test/objects/concurrent.test.ts"],
  },
  {
    name: "an access moves the deadline while the registration is not confirmed",
    file: LIFE,
    find: "registration: { ...session.registration, deadline }",
    replace: "registration: session.registration",
    tests: REGISTRATION,
  },
  {
    name: "a registration is retried",
    file: LIFE,
    find: 'else if (due?.state === "live") await this.#row.register(due);',
    replace: "",
    tests: REGISTRATION,
  },
  {
    name: "the next alarm is set before the registry is called",
    file: LIFE,
    find: "const rearmed = this.#rearm();\n    const due = this.#record.stored;\n    await rearmed;\n",
    replace: "const due = this.#record.stored;\n",
    tests: INTERLEAVINGS,
    only: "has its next alarm before",
  },
  {
    name: "registrations are retried with growing delays",
    file: CONTEXT,
    find: "REGISTRY_RETRY_FIRST_MS * 2 ** Math.min(tries, 30)",
    replace: "REGISTRY_RETRY_FIRST_MS",
    tests: REGISTRATION,
  },
  {
    name: "a registration is retried before the deadline",
    file: CONTEXT,
    find: "Math.min(deadline - 1, now + registryRetryDelayMs(tries))",
    replace: "now + registryRetryDelayMs(tries)",
    tests: UNIT,
  },
  {
    name: "an unregistration is retried",
    file: LIFE,
    find: 'if (due?.state === "closing") await this.#row.remove();',
    replace: 'if (due?.state === "closing") await this.#record.deleteAll();',
    tests: OBJECT,
    only: "ending",
  },
];
