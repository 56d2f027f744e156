import type { CallToolResult } from "@modelcontextprotocol/server";

/** What a tool returns: data for programs, and the same in a sentence for models that read only text. */
export interface ToolAnswer<T extends Record<string, unknown> = Record<string, unknown>> {
  readonly structured: T;
  readonly text: string;
}

export const answerResult = ({ structured, text }: ToolAnswer): CallToolResult => ({
  content: [{ type: "text", text }],
  structuredContent: structured,
});

export const errorResult = (text: string): CallToolResult => ({ content: [{ type: "text", text }], isError: true });
