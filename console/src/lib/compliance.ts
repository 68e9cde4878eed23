import type { Schema } from './api/client';
import { i18n, t } from './i18n/index.svelte';

export type Report = Schema<'Compliance'>;
export type Shares = Schema<'Shares'>;
export type InClear = Schema<'InClear'>;

const DAY_HOURS = 24;
const DAY_MS = 86_400_000;

/** Days as the report counts them, in UTC: today, and the one a month before it. */
export function lastMonth(now: number): { from: string; to: string } {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return { from: day(now - 29 * DAY_MS), to: day(now) };
}

/** Both days are taken in. */
export function period(from: string, to: string): { from?: string; to?: string } {
  return { ...(from && { from: `${from}T00:00:00Z` }), ...(to && { to: `${to}T23:59:59Z` }) };
}

/** A day of the report. */
export function reportDay(time: string): string {
  return new Date(time).toLocaleDateString(i18n.locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
}

/** The last day that is taken in. */
export function lastDay(report: Report): string {
  return reportDay(new Date(Date.parse(report.to) - DAY_MS).toISOString());
}

export function total({ all, some, none }: Shares): number {
  return all + some + none;
}

/** 99.96 % is not 100 %: what is not whole is not rounded to it. */
export function percent(part: number, whole: number): string {
  const share = whole ? part / whole : 0;
  const shown = part < whole ? Math.min(share, 0.999) : share;
  return shown.toLocaleString(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
}

/** null: without end; 0: not at all. */
export function howLong(hours: number | null): string {
  if (hours === null) return t('compliance.kept.always');
  if (hours === 0) return t('compliance.kept.never');
  if (hours < 2 * DAY_HOURS) return t('compliance.kept.hours', { n: hours });
  return t('compliance.kept.days', { n: Math.round(hours / DAY_HOURS) });
}

/** What to do about a device or an operator that spoke in clear. */
export function advice(peer: InClear): string {
  if (peer.kind === 'trunk') return t('compliance.do.trunk');
  if (!peer.id) return t('compliance.do.gone');
  return peer.voice ? t('compliance.do.voice') : t('compliance.do.signalling');
}
