import type { Config } from "../../settings/config.ts";

/**
 * The origin at which clients reach this server: `PUBLIC_URL`, else the request's own, whose host has been checked.
 * `X-Forwarded-*` is ignored: any client can send it.
 */
export const baseUrlOf = ({ publicUrl }: Pick<Config, "publicUrl">, request: Request): string =>
  publicUrl ?? new URL(request.url).origin;
