const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** How long to wait before trying again; random, so that a restart does not bring all pages back at once. */
export function backoff(attempt: number, random = Math.random()): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (0.5 + random / 2);
}
