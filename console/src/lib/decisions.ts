import { sentenceOf, t, word, type Key } from './i18n/index.svelte';

/** What the server writes of its decisions, and the sentence that says it; {1}, {2} are what the groups found. */
const KNOWN: [line: RegExp, key: Key][] = [
  [/^(\S+) calls (\S+)$/, 'decision.calls'],
  [/^ring device (.+)$/, 'decision.ring'],
  [/^device (.+) is back, ring it$/, 'decision.back'],
  [/^device (.+): its connection is gone/, 'decision.gone'],
  [/^no device can be reached$/, 'decision.unreachable'],
  [/^nobody answered in time$/, 'decision.no-answer'],
  [/^over trunk (.+)$/, 'decision.trunk'],
  [/^early media$/, 'decision.early'],
  [/^answered$/, 'decision.answered'],
  [/^(.+) refused: (\d+)$/, 'decision.refused'],
  [/^(.+) refused: (\d+), says (.+)$/, 'decision.refused.says'],
  [/^no such extension$/, 'decision.no-such-number'],
  [/^all (\d+) lines in use$/, 'decision.no-line'],
  [/^transcoding because caller speaks (.+) and callee (.+)$/, 'decision.transcoding'],
];

/** One of what was decided: seconds since the start, and a sentence; the server's own where we have none for it. */
export function decision(line: string): { at: string; text: string } {
  const [, at = '', said = line] = /^(\+\S+) (.*)$/.exec(line) ?? [];
  const ended = /^ended: (\S+), by (\S+)$/.exec(said);
  if (ended) {
    const [cause, by] = [word('cause', ended[1]!), sentenceOf(`by.${ended[2]}`) ?? ended[2]!];
    return { at, text: t('decision.ended', { cause, by }) };
  }
  for (const [known, key] of KNOWN) {
    const found = known.exec(said);
    if (found) return { at, text: t(key, Object.fromEntries(found.entries())) };
  }
  return { at, text: said };
}
