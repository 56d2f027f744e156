/** The JSON of the API as Zod schemas: they type the responses, and the OpenAPI document is generated from them. */
import * as z from "zod";

const count = z.int().min(0);
const time = z.iso.datetime();

export const countSchema = z.object({
  active_sessions: count.describe("Active sessions. Exact"),
  by_region: z
    .record(z.string(), count)
    .describe("Active sessions by the region in which they began, or unknown; regions without sessions are omitted"),
});

export const sessionSchema = z.object({
  session_id: z.string(),
  principal: z.string().describe("Who opened it"),
  client: z.string().nullable().describe("The client that began the context, as it calls itself"),
  project: z.object({ id: z.string(), name: z.string() }).nullable(),
  opened_at: time.describe("When the context began"),
  last_used: time.nullable().describe("To the minute. Null: the session did not answer"),
  expires_at: time.nullable().describe("When the context expires if it is not used. Null: the session did not answer"),
});

export const sessionPageSchema = z.object({
  sessions: z.array(sessionSchema).describe("Newest first"),
  next_cursor: z.string().nullable().describe("Pass it as cursor for more; null: these were the last"),
  missing_shards: z
    .array(count)
    .describe("Registry shards that did not respond: their sessions are missing from the list. Normally empty"),
});

export const endedSchema = z.object({
  ended: z.boolean().describe("Whether there was a context"),
});

export const errorSchema = z.object({ error: z.string().describe("What was wrong and what to do") });

export type CountJson = z.output<typeof countSchema>;
export type SessionJson = z.output<typeof sessionSchema>;
export type SessionPageJson = z.output<typeof sessionPageSchema>;
export type EndedJson = z.output<typeof endedSchema>;
export type ErrorJson = z.output<typeof errorSchema>;
