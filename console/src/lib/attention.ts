import type { Schema } from './api/client';
import type { User } from './company';
import { t } from './i18n/index.svelte';
import { said, type Said } from './warnings';

export type Point = Said & { tone: 'warn' | 'bad'; href?: string; action?: string };

/** What the node warns of. */
export function warnings(status: Schema<'Status'>): Point[] {
  return status.warned_of.map((warning) => ({ tone: 'warn', ...said(warning) }));
}

/** Two names, and how many more. */
function names(users: User[]): string {
  const shown = users.slice(0, 2).map((u) => u.name);
  const more = users.length - shown.length;
  return more > 0 ? t('attention.more', { names: shown.join(', '), n: more }) : shown.join(', ');
}

/** What only those who look after the company see of it. */
export type Care = {
  numbers: Schema<'NumberEntry'>[];
  /** Calls of the last day that found no line. */
  refused: number;
  tokens: Schema<'Token'>[];
  /** The person at the keyboard logs in with a code, too. */
  code: boolean;
};

const SOON_MS = 14 * 86_400_000;

/** What somebody should look after in a company; care: undefined for those who cannot. */
export function attention(company: Schema<'Tenant'>, users: User[], care?: Care, now = Date.now()): Point[] {
  const points: Point[] = [];
  const to = (href: string, action = t('attention.people')) => ({ href, action });
  const full = company.lines > 0 && company.calls >= company.lines;
  const lines = t('attention.lines', { n: company.lines });
  // Other people's phones are no business of who can do nothing about them; why nobody gets through is everybody's.
  if (!care) return full ? [{ tone: 'bad', text: lines }] : [];
  if (full) points.push({ tone: 'bad', text: lines, ...to('/lines', t('attention.lines.action')) });
  else if (care.refused)
    points.push({
      tone: 'warn',
      text: t('attention.refused', { n: care.refused }),
      ...to('/lines', t('attention.lines.action')),
    });
  const silent = users.filter((u) => u.devices_registered === 0);
  const missed = silent.filter((u) => care.numbers.some((n) => n.user === u.login));
  if (missed.length)
    points.push({
      tone: 'bad',
      text: t('attention.numbers', { n: missed.length, names: names(missed) }),
      ...to('/numbers'),
    });
  const rest = silent.filter((u) => !missed.includes(u));
  const without = rest.filter((u) => u.devices === 0 && u.role === 'user');
  if (without.length)
    points.push({
      tone: 'warn',
      text: t('attention.phoneless', { n: without.length, names: names(without) }),
      ...to('/people'),
    });
  const away = rest.filter((u) => u.devices > 0);
  if (away.length)
    points.push({
      tone: 'warn',
      text: t('attention.away', { n: away.length, names: names(away) }),
      ...to('/people'),
    });
  const ending = care.tokens.filter((token) => Date.parse(token.expires) < now + SOON_MS);
  if (ending.length)
    points.push({ tone: 'warn', text: t('attention.tokens', { n: ending.length }), ...to('/settings') });
  if (!care.code) points.push({ tone: 'warn', text: t('attention.code'), ...to('/settings', t('code.add')) });
  return points;
}

/** What the provider should look after: what the node warns of, and companies that use all they have. */
export function attentionOfNode(status: Schema<'Status'>, tenants: Schema<'Tenant'>[]): Point[] {
  const full = tenants.filter((tenant) => tenant.lines > 0 && tenant.calls >= tenant.lines);
  return [
    ...warnings(status),
    ...full.map(({ name }) => ({
      tone: 'bad' as const,
      text: t('attention.full', { name }),
      href: '/tenants',
      action: t('attention.lines.action'),
    })),
  ];
}
