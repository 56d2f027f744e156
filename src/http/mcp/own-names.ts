/**
 * Removes the prototypes of the plain objects in which the SDK keeps tools, prompts and resources. It looks up names
 * from clients in them, and `constructor` or `toString` would find an inherited member.
 */
export function onlyOwnNames<Server extends object>(server: Server): Server {
  for (const member of Object.values(server)) {
    if (typeof member === "object" && member !== null && Object.getPrototypeOf(member) === Object.prototype) {
      Object.setPrototypeOf(member, null);
    }
  }
  return server;
}
