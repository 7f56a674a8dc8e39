/** The ISO time so many ms from now. */
export function isoIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
