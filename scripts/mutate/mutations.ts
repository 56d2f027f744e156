import { CALL_MUTATIONS } from "./list/calls.ts";
import { CONTEXT_MUTATIONS } from "./list/contexts.ts";
import { DOOR_MUTATIONS } from "./list/doors.ts";
import { QUOTA_MUTATIONS } from "./list/quota.ts";
import { REGISTRATION_MUTATIONS } from "./list/registrations.ts";
import { REGISTRY_MUTATIONS } from "./list/registry.ts";
import type { Mutation } from "./mutation.ts";

/** Every guarantee that `npm run mutate` breaks. */
export const MUTATIONS: readonly Mutation[] = [
  ...CONTEXT_MUTATIONS,
  ...REGISTRATION_MUTATIONS,
  ...REGISTRY_MUTATIONS,
  ...QUOTA_MUTATIONS,
  ...CALL_MUTATIONS,
  ...DOOR_MUTATIONS,
];
