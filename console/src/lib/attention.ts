import type { Schema } from './api/client';
import type { About } from './aside.svelte';
import type { User } from './company';
import { date } from './format';
import { t } from './i18n/index.svelte';
import { said, type Said } from './warnings';

export type Point = Said & { tone: 'warn' | 'bad'; href?: string; action?: string } & {
  /** What it is about: one that has it may be put away, and comes again when it is about something else. */
  about?: About;
};

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
  refused: { id: string }[];
  tokens: Schema<'Token'>[];
  certificates: Schema<'Certificate'>[];
  webhooks: Schema<'Webhook'>[];
  issuers: Schema<'Issuer'>[];
  /** The person at the keyboard logs in with a code, too. */
  code: boolean;
};

const SOON_MS = 14 * 86_400_000;

/** What has come to a stop behind people's backs: certificates, webhooks, the company's own sign-in. */
function trouble(care: Care, now: number, way: Pick<Point, 'href' | 'action'>): Point[] {
  const certificates = care.certificates.flatMap((one): Point[] => {
    const left = Date.parse(one.expires) - now;
    const how = left <= 0 ? 'over' : one.state === 'failing' ? 'failing' : 'ends';
    // One that is renewed by itself may be short-lived: its end counts only when it has come.
    if (how === 'ends' && (one.state !== 'given' || left > SOON_MS)) return [];
    const text = t(`attention.certificate.${how}`, { domain: one.domain ?? '', day: date(one.expires) });
    return [{ tone: how === 'ends' ? 'warn' : 'bad', text, ...way }];
  });
  const off = care.webhooks.filter((one) => one.state === 'failed');
  const issuers = care.issuers.filter((one) => one.state === 'on' && one.trouble);
  return [
    ...certificates,
    ...off.map(({ name }): Point => ({ tone: 'bad', text: t('attention.webhook', { name }), ...way })),
    ...issuers.map(({ name }): Point => ({ tone: 'bad', text: t('attention.issuer', { name }), ...way })),
  ];
}

/** What somebody should look after in a company; care: undefined for those who cannot. */
export function attention(company: Schema<'Tenant'>, users: User[], care?: Care, now = Date.now()): Point[] {
  const points: Point[] = [];
  const about = (what: string, which: string[]) => ({
    about: { what: `${company.name} ${what}`, which: which.toSorted().join(' ') },
  });
  const to = (href: string, action = t('attention.people')) => ({ href, action });
  const full = company.lines > 0 && company.calls >= company.lines;
  const lines = t('attention.lines', { n: company.lines });
  // Other people's phones are no business of who can do nothing about them; why nobody gets through is everybody's.
  if (!care) return full ? [{ tone: 'bad', text: lines }] : [];
  if (full) points.push({ tone: 'bad', text: lines, ...to('/lines', t('attention.lines.action')) });
  else if (care.refused.length)
    points.push({
      tone: 'warn',
      text: t('attention.refused', { n: care.refused.length }),
      // Until there is another one: ids grow with time.
      ...about(
        'refused',
        care.refused
          .map((call) => call.id)
          .toSorted()
          .slice(-1),
      ),
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
  points.push(...trouble(care, now, to('/settings')));
  const rest = silent.filter((u) => !missed.includes(u));
  const without = rest.filter((u) => u.devices === 0 && u.role === 'user');
  if (without.length)
    points.push({
      tone: 'warn',
      text: t('attention.phoneless', { n: without.length, names: names(without) }),
      ...about(
        'phoneless',
        without.map((u) => u.login),
      ),
      ...to('/people'),
    });
  const away = rest.filter((u) => u.devices > 0);
  if (away.length)
    points.push({
      tone: 'warn',
      text: t('attention.away', { n: away.length, names: names(away) }),
      ...about(
        'away',
        away.map((u) => u.login),
      ),
      ...to('/people'),
    });
  const ending = care.tokens.filter((token) => Date.parse(token.expires) < now + SOON_MS);
  if (ending.length)
    points.push({
      tone: 'warn',
      text: t('attention.tokens', { n: ending.length }),
      ...about(
        'tokens',
        ending.map((token) => token.id),
      ),
      ...to('/settings'),
    });
  if (!care.code)
    points.push({
      tone: 'warn',
      text: t('attention.code'),
      ...about('code', []),
      ...to('/settings', t('code.add')),
    });
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
