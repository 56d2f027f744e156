/** The arguments of `npm start`. */
import { parseArgs } from "node:util";

export interface StartOptions {
  readonly port: number;
  readonly persistTo: string;
  readonly vars: Readonly<Record<string, string>>;
}

/** @throws Error with a one-line message that quotes the wrong argument and says what to write. */
export function startOptions(args: readonly string[], defaultPort = "8787"): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: defaultPort },
      "persist-to": { type: "string", default: ".wrangler/state" },
      var: { type: "string", multiple: true, default: [] },
    },
  });
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
    throw new Error(
      `--port is ${JSON.stringify(values.port)}: must be a whole number from 0 to 65535; 0 picks a free port`,
    );
  }
  return {
    port: Number(values.port),
    persistTo: values["persist-to"],
    vars: Object.fromEntries(values.var.map(varOf)),
  };
}

function varOf(text: string): [string, string] {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*):(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new Error(`--var is ${JSON.stringify(text)}: must be NAME:value, such as --var LOG_LEVEL:debug`);
  }
  return [name, value];
}
