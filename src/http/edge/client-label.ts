const NAME = /^[A-Za-z][A-Za-z0-9 ._-]{0,39}$/;
const VERSION = /^[A-Za-z0-9._+-]{1,20}$/;

/**
 * Accepts only short names that start with a letter, so that a path, token or session id in the wrong field is not
 * logged.
 */
const label = (name: unknown, version: unknown): string => {
  if (typeof name !== "string" || !NAME.test(name)) return "other";
  return typeof version === "string" && VERSION.test(version) ? `${name}/${version}` : name;
};

/**
 * The client's label for the log, from the first product of its user agent: `claude-code/2.1.0`. Undefined without a
 * user agent.
 */
export function clientOfUserAgent(userAgent: string | null): string | undefined {
  if (userAgent === null || userAgent === "") return undefined;
  const [product = ""] = userAgent.split(" ");
  const [name, version] = product.split("/");
  return label(name, version);
}

/** The client's label for the log, from the `clientInfo` of a message. Undefined without a name. */
export function clientOfInfo(info: unknown): string | undefined {
  const { name, version } = (info ?? {}) as { name?: unknown; version?: unknown };
  return name === undefined ? undefined : label(name, version);
}
