/** A time in milliseconds since the epoch, as ISO 8601 in UTC. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
