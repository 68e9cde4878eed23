import type { Schema } from './api/client';
import { t, word } from './i18n/index.svelte';
import { BROWSER } from './leg';

/** How a value reads within a sentence. Without its name a phone is another company's. */
const SHOWN: Record<string, (value: string) => string> = {
  device: (name) =>
    name === BROWSER ? t('device.page') : name ? t('device.named', { device: name }) : t('device.elsewhere'),
  side: (side) => word('side', side),
  why: (why) => word('not', why),
  cause: (cause) => word('cause', cause),
  by: (by) => word('by', by), // caller, callee or alto; else an extension
};

/** One of what was decided: seconds since the start, a sentence, and the other call that it is about, if there is one. */
export function decision({ at_ms, kind, values }: Schema<'Decision'>) {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) shown[name] = SHOWN[name]?.(value) ?? value;
  return { at: `+${(at_ms / 1000).toFixed(3)}`, text: t(`decision.${kind}`, shown), call: values.call };
}
