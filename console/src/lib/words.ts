/** As people type it who have no accents at hand: "Lefèvre", "Ångström" and "Weiß" are found by "lefevre", "angstrom" and "weiss". */
export function folded(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .replace(/æ/g, 'ae')
    .replace(/œ/g, 'oe');
}

/** Whether a text has all the words that somebody typed, in any case, with their accents or without. */
export function hasWords(text: string, sought: string): boolean {
  const within = folded(text);
  return folded(sought)
    .trim()
    .split(/\s+/)
    .every((word) => within.includes(word));
}
