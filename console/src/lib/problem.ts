import type { Problem } from './api/client';
import { sentenceOf } from './i18n/index.svelte';

/** A refusal in the person's language where we know its code; else the server's own sentence, as a sentence. */
export function tell(problem: Problem): string {
  const { code, field = '', schema = 'beyond', message } = problem;
  return (
    (code === 'invalid-field' &&
      (sentenceOf(`invalid.${schema}.${field}`) ?? sentenceOf(`invalid.${field}`))) ||
    (sentenceOf(`problem.${code}.${field}`) ??
      sentenceOf(`problem.${code}`, { field }) ??
      message.charAt(0).toUpperCase() + message.slice(1))
  );
}
