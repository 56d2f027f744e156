/** What is measured, and the messages between the program and the bench Worker. */

export const SIZES = [1000, 10_000, 100_000] as const;

/** Contexts of each known principal: what a listing or `yours` counts through, whatever the size of the shard. */
export const PER_PRINCIPAL = 100;

export interface FillRequest {
  /** Which shard: that with so many rows. */
  readonly rows: number;
  readonly from: number;
  readonly to: number;
  readonly perPrincipal: number;
}

export interface BenchRequest {
  readonly rows: number;
  readonly operation: "nothing" | "register" | "unregister" | "count" | "list";
  readonly principal: string;
  readonly times: number;
}

export interface Rows {
  readonly read: number;
  readonly written: number;
}

export type Case = Pick<BenchRequest, "operation" | "principal"> & { readonly label: string };

/** `nothing` measures the way there and back, which is taken off the others. A register comes before its unregister. */
export const CASES: readonly Case[] = [
  { label: "nothing", operation: "nothing", principal: "anonymous" },
  { label: "register, anonymous", operation: "register", principal: "anonymous" },
  { label: "unregister, anonymous", operation: "unregister", principal: "anonymous" },
  { label: "count, anonymous", operation: "count", principal: "anonymous" },
  { label: "register, known principal", operation: "register", principal: "principal-0" },
  { label: "unregister, known principal", operation: "unregister", principal: "principal-0" },
  { label: "count, known principal", operation: "count", principal: "principal-0" },
  { label: "list, known principal", operation: "list", principal: "principal-0" },
];
