/**
 * The SDK keeps tools, prompts and resources in plain objects and looks a client's name up in them, where `constructor` or
 * `toString` finds what every object inherits. Without a prototype there is nothing to inherit: such a name is unknown.
 */
export function onlyOwnNames<Server extends object>(server: Server): Server {
  for (const member of Object.values(server)) {
    if (typeof member === "object" && member !== null && Object.getPrototypeOf(member) === Object.prototype) {
      Object.setPrototypeOf(member, null);
    }
  }
  return server;
}
