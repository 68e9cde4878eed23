import type { Schema } from './api/client';
import type { User } from './company';
import { t } from './i18n/index.svelte';

export type Point = { tone: 'warn' | 'bad'; text: string; href?: string; action?: string };

/** Two names, and how many more. */
function names(users: User[]): string {
  const shown = users.slice(0, 2).map((u) => u.name);
  const more = users.length - shown.length;
  return more > 0 ? t('attention.more', { names: shown.join(', '), n: more }) : shown.join(', ');
}

/** What somebody should look after in a company; manages: this person can. */
export function attention(company: Schema<'Tenant'>, users: User[], manages: boolean): Point[] {
  const points: Point[] = [];
  const open = manages ? { href: '/people', action: t('attention.people') } : {};
  if (company.lines > 0 && company.calls >= company.lines)
    points.push({
      tone: 'bad',
      text: t('attention.lines', { n: company.lines }),
      ...(manages ? { href: '/lines', action: t('attention.lines.action') } : {}),
    });
  const without = users.filter((u) => u.devices === 0 && u.role === 'user');
  if (without.length)
    points.push({
      tone: 'warn',
      text: t('attention.phoneless', { n: without.length, names: names(without) }),
      ...open,
    });
  const away = users.filter((u) => u.devices > 0 && u.devices_registered === 0);
  if (away.length)
    points.push({ tone: 'warn', text: t('attention.away', { n: away.length, names: names(away) }), ...open });
  return points;
}
