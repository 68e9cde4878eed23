import { api, type Schema } from './api/client';
import { find, type Cursor, type Found } from './find';

export type Call = Schema<'Call'>;
export type Filter = {
  /** Part of a number. */
  text: string;
  /** Login; it needs the company. */
  person: string;
  /** answered, missed, or a cause. */
  result: string;
  /** Days, both taken in. */
  from: string;
  to: string;
};

/** A day of the person's own clock, as <input type="date"> has it. */
export function dayOf(time: string): string {
  const at = new Date(time);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The moment at which a day of the person's own clock begins, some days later. */
export function midnight(day: string, later = 0): string {
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + later);
  return at.toISOString();
}

/** The filter as parameters of GET /api/v1/calls. */
export function parameters(filter: Filter): Record<string, string | boolean | undefined> {
  const { text, person, result, from, to } = filter;
  const cause = result && result !== 'answered' && result !== 'missed';
  return {
    q: text.trim() || undefined,
    user: person || undefined,
    result: cause ? result : undefined,
    answered: result && !cause ? result === 'answered' : undefined,
    from: from ? midnight(from) : undefined,
    to: to ? midnight(to, 1) : undefined,
  };
}

/** The newest calls that fit, a page or so of them; goes on from `cursor`. */
export function search(tenant: string | undefined, filter: Filter, cursor?: Cursor): Promise<Found<Call>> {
  return find('/calls', { tenant, ...parameters(filter) }, cursor);
}

/** The most calls at once on each of these days (the person's own), oldest first; known: days that are over. */
export async function peaks(
  tenant: string | undefined,
  days: number,
  now: number,
  known: Map<string, number>,
): Promise<{ day: string; most: number }[]> {
  const today = dayOf(new Date(now).toISOString());
  const asked = Array.from({ length: days }, (_, n) => dayOf(midnight(today, n + 1 - days)));
  return Promise.all(
    asked.map(async (day) => {
      const span = { from: midnight(day), to: midnight(day, 1) };
      const most = known.get(day) ?? (await api.get<Schema<'Peak'>>('/peak', { tenant, ...span })).calls;
      if (day !== today) known.set(day, most);
      return { day, most };
    }),
  );
}
