import type { CallToolResult } from "@modelcontextprotocol/server";

/** What a tool returns: data for programs, and the same as text for models that read only text. */
export interface ToolAnswer<T extends Record<string, unknown> = Record<string, unknown>> {
  readonly structured: T;
  readonly text: string;
}

export const answerResult = ({ structured, text }: ToolAnswer): CallToolResult => ({
  content: [{ type: "text", text }],
  structuredContent: structured,
});

/** Adds a line of text to a result. */
export const withText = (result: CallToolResult, text: string): CallToolResult => ({
  ...result,
  content: result.content.map((part) => (part.type === "text" ? { ...part, text: `${part.text}\n${text}` } : part)),
});

export const errorResult = (text: string): CallToolResult => ({ content: [{ type: "text", text }], isError: true });
