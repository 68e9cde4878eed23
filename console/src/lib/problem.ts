import type { Problem } from './api/client';
import { sentenceOf, word } from './i18n/index.svelte';

/** A refusal in the person's language where we know its code; else the server's own sentence, as a sentence. */
export function tell(problem: Problem): string {
  const known = word('problem', problem.code);
  if (known !== problem.code) return known;
  const field = problem.code === 'invalid-field' && sentenceOf(`invalid.${problem.field}`);
  if (field) return field;
  return problem.message.charAt(0).toUpperCase() + problem.message.slice(1);
}
