import type { Schema } from './api/client';
import { moment } from './format';
import { sentenceOf } from './i18n/index.svelte';

/** A sentence, and the words of a system or an authority that it is about: those are in English. */
export type Said = { text: string; quote?: string };

/** What the node warns of; of a reason, what stands within another sentence. */
export function said({ kind, values }: Schema<'Warning'>): Said {
  const { said: quote, reason: because, ...others } = values;
  const why = because && said(because);
  const shown: Record<string, string | number> = why ? { reason: why.text } : {};
  for (const [name, value] of Object.entries(others)) {
    shown[name] = name === 'at' || name === 'since' ? moment(String(value)) : value;
    if (typeof value === 'number') shown.n ??= value; // the first is what a sentence counts
  }
  // A server that was upgraded under this page may know more kinds.
  return { text: sentenceOf(`warning.${kind}`, shown) ?? kind, quote: quote ?? why?.quote };
}

/** A reason, where it stands alone. */
export function reason(warning: Schema<'Warning'>): Said {
  const { text, quote } = said(warning);
  return { text: `${text.charAt(0).toLocaleUpperCase()}${text.slice(1)}.`, quote };
}
