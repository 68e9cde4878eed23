import type { Schema } from './api/client';
import { midnight } from './history';
import { sentenceOf, t, word } from './i18n/index.svelte';
import { find, type Cursor, type Found } from './find';
import type { Kinds } from './query.svelte';

export type Act = Schema<'Act'>;
export type Filter = {
  /** Id of a person: what they did, and what was done to what is theirs. */
  person: string;
  thing: string;
  /** Days, both taken in. */
  from: string;
  to: string;
};

/** Each row is told of as it is written. */
export const TOLD: Kinds = ['audit'];

/** What people look for, in the order of the list. */
export const THINGS = [
  'session',
  'password',
  'code-app',
  'passkey',
  'user',
  'device',
  'number',
  'trunk',
  'tenant',
  'token',
  'webhook',
  'issuer',
  'call',
] as const;

export function search(tenant: string | undefined, filter: Filter, cursor?: Cursor): Promise<Found<Act>> {
  const wanted = {
    tenant,
    user: filter.person || undefined,
    thing: filter.thing || undefined,
    from: filter.from ? midnight(filter.from) : undefined,
    to: filter.to ? midnight(filter.to, 1) : undefined,
  };
  return find('/audit', wanted, cursor);
}

function who(act: Act): string {
  const { kind, name } = act.actor;
  if (name) return kind === 'token' ? t('audit.by.token', { name }) : name;
  return word('audit.by', kind);
}

/** "Anna Nowak changed Paul Keller's password"; of what this console does not know, the server's own words. */
export function sentence(act: Act): string {
  const values = { who: who(act), what: act.object?.name ?? '', owner: act.owner?.name ?? '' };
  const own = act.owner && act.owner.id === act.actor.id ? '.own' : '';
  const key = `act.${act.act}.${act.thing}`;
  return (
    sentenceOf(key + own, values) ??
    sentenceOf(key, values) ??
    `${values.who}: ${act.act} ${act.thing} ${values.what}`.trim()
  );
}

/** What was changed, how somebody logged in, and what went before. */
export function details(act: Act): string[] {
  const fields = act.changed.map(({ field, from, to }) =>
    to === null
      ? word('audit.field', field)
      : t('audit.field.to', {
          field: word('audit.field', field),
          from: word(field, from ?? ''),
          to: word(field, to),
        }),
  );
  return [
    ...(act.act === 'changed' && fields.length ? [fields.join(', ')] : []),
    ...(act.how ? [word('audit.how', act.how)] : []),
    ...(act.failed ? [t('audit.failed', { n: act.failed })] : []),
  ];
}
