import type { Schema } from './api/client';
import { i18n } from './i18n/index.svelte';

/** What the server calls the phone of a page. */
export const BROWSER = 'browser';

/** How a side was protected: wholly; voice with keys that went in clear; not. Undefined: it never came to be. */
export function protection(leg: Schema<'Leg'>): 'private' | 'keys' | 'plain' | undefined {
  if (!leg.transport) return undefined;
  if (leg.tls && leg.srtp && !leg.keys_in_clear) return 'private';
  return leg.srtp ? 'keys' : 'plain';
}

/** Loss that one hears as gaps, and jitter that outlasts what phones hold back. */
const LOSS_HEARD = 0.02;
const JITTER_HEARD_US = 40_000;

/** Sides of an answered call from which no voice came. */
export function silent(call: Schema<'Call'>): ('caller' | 'callee')[] {
  if (!call.answered || !call.ended) return [];
  return (['caller', 'callee'] as const).filter((side) => !call[side].packets_in);
}

/** What ends a call that went as people meant it. */
const AS_MEANT = ['answered', 'transferred', 'logged-out', 'hung-up'];

export function toneOf(call: Schema<'Call'>): 'good' | 'warn' {
  return call.answered && AS_MEANT.includes(call.cause ?? '') ? 'good' : 'warn';
}

/** What was measured of the voice that came from this side; undefined before there is any. */
export function quality(
  leg: Schema<'EndedLeg'>,
): { good: boolean; loss: string; jitter: string } | undefined {
  if (!leg.packets_in) return undefined;
  // Duplicates can make the count of the lost negative (RFC 3550 §6.4.1).
  const loss = Math.max(0, leg.lost) / (leg.packets_in + Math.max(0, leg.lost));
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
  const ms = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 });
  return {
    good: loss < LOSS_HEARD && leg.jitter_us < JITTER_HEARD_US,
    loss: percent.format(loss),
    jitter: `${ms.format(leg.jitter_us / 1000)} ms`,
  };
}
