/** Whether a text has all the words that somebody typed, in any case. */
export function hasWords(text: string, sought: string): boolean {
  const words = sought.trim().toLowerCase().split(/\s+/);
  return words.every((word) => text.toLowerCase().includes(word));
}
