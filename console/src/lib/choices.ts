import { word } from './i18n/index.svelte';
import { session } from './session.svelte';

export type Choice = { value: string; label: string };

/** What a field of the API may be, in words: `prefix.value`. */
export function choices(prefix: string, values: readonly string[]): Choice[] {
  return values.map((value) => ({ value, label: word(prefix, value) }));
}

/** What the person at the keyboard may make somebody: nothing above themselves. */
export function roles(): string[] {
  return ['user', 'supervisor', 'auditor', 'admin', ...(session.isProvider ? ['provider'] : [])];
}

export const SRTP = ['sdes', 'off'] as const;
export const DEVICE_SRTP = ['sdes', 'dtls', 'off'] as const;
export const KEEPALIVE = ['crlf', 'options', 'off'] as const;
export const DIGEST = ['md5', 'sha-256'] as const;
export const TRANSPORT = ['tls', 'tcp', 'udp'] as const;
