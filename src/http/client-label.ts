const NAME = /^[A-Za-z][A-Za-z0-9 ._-]{0,39}$/;
const VERSION = /^[A-Za-z0-9._+-]{1,20}$/;

/** Names start with a letter and are short: neither a path nor a token or session id that landed here fits. */
const label = (name: unknown, version: unknown): string => {
  if (typeof name !== "string" || !NAME.test(name)) return "other";
  return typeof version === "string" && VERSION.test(version) ? `${name}/${version}` : name;
};

/** The client as the log shows it, from the first product of its user agent: `claude-code/2.1.0`. Undefined if it has none. */
export function clientOfUserAgent(userAgent: string | null): string | undefined {
  if (userAgent === null || userAgent === "") return undefined;
  const [product = ""] = userAgent.split(" ");
  const [name, version] = product.split("/");
  return label(name, version);
}

/** The client as the log shows it, from the `clientInfo` of a message; undefined if that has none. */
export function clientOfInfo(info: unknown): string | undefined {
  const { name, version } = (info ?? {}) as { name?: unknown; version?: unknown };
  return name === undefined ? undefined : label(name, version);
}
