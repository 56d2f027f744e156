/** The fixture server as a server author would mount it: with sessions, for clients of both eras. */
import { sessionApp } from "../../src/lib.ts";
import { buildFixture } from "./fixture/server.ts";

export { ProjectCatalog, SessionObject, SessionRegistry } from "../../src/lib.ts";

export default sessionApp({ buildServer: ({ caller }) => buildFixture(caller.era) });
