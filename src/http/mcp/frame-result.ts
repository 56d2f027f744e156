import type { Era } from "../../call/caller.ts";
import { JSON_ANSWER } from "../edge/protective-headers.ts";
import type { Answer } from "./answer.ts";

/**
 * The answer with this result, with the same members in the same order as the SDK's.
 * @param result As JSON.
 */
export const answerOf = (id: string | number, result: string, isError: boolean): Answer => ({
  status: 200,
  headers: JSON_ANSWER,
  body: frame(id, result),
  outcome: isError ? "tool_error" : "ok",
});

export const frame = (id: string | number, result: string): string =>
  `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;

/** Adds the members that every result of the modern era has, given as JSON. Legacy results stay unchanged. */
export const withMembers = (era: Era, result: string, modernMembers: string): string =>
  era === "legacy" ? result : `${result.slice(0, -1)},${modernMembers}}`;
