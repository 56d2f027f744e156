import { MAX_PROJECTS_IN_ERROR } from "./limits.ts";
import type { ProjectRef } from "./project.ts";

const MAX_EDITS = 2;

/**
 * The projects whose name the caller may have meant, most likely first: names that differ only in case, then names where one
 * is a prefix of the other, then names at most two edits apart.
 */
export function nearMatches(query: string, projects: readonly ProjectRef[]): ProjectRef[] {
  const wanted = query.toLowerCase();
  if (wanted === "") return [];
  return projects
    .map((project) => ({ project, distance: distanceOf(wanted, project.name.toLowerCase()) }))
    .filter(({ distance }) => distance !== null)
    .sort((a, b) => Number(a.distance) - Number(b.distance))
    .slice(0, MAX_PROJECTS_IN_ERROR)
    .map(({ project: { id, name } }) => ({ id, name }));
}

function distanceOf(wanted: string, name: string): number | null {
  if (wanted === name) return 0;
  if (name.startsWith(wanted) || (name.length > MAX_EDITS && wanted.startsWith(name))) return 1;
  const edits = editDistance(wanted, name);
  // Two edits turn any short name into any other.
  return edits <= MAX_EDITS && edits < Math.min(wanted.length, name.length) ? 1 + edits : null;
}

/** Levenshtein distance, or any number above MAX_EDITS. Computes only cells within MAX_EDITS of the diagonal: linear time. */
export function editDistance(a: string, b: string): number {
  const far = MAX_EDITS + 1;
  if (Math.abs(a.length - b.length) > MAX_EDITS) return far;
  // Cells outside this band are undefined and count as `far`.
  let above = new Map(Array.from({ length: far }, (_, j) => [j, j]));
  for (let i = 1; i <= a.length; i++) {
    const row = new Map<number, number>(i <= MAX_EDITS ? [[0, i]] : []);
    for (let j = Math.max(1, i - MAX_EDITS); j <= Math.min(b.length, i + MAX_EDITS); j++) {
      const edit = a.charAt(i - 1) === b.charAt(j - 1) ? 0 : 1;
      row.set(j, Math.min((above.get(j - 1) ?? far) + edit, (above.get(j) ?? far) + 1, (row.get(j - 1) ?? far) + 1));
    }
    above = row;
  }
  return above.get(b.length) ?? far;
}
