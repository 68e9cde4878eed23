import type { Schema } from './api/client';
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

/** The most calls at once on each of these days (the person's own), oldest first. */
export function peaks(calls: Call[], days: number, now: number): { day: string; most: number }[] {
  const result: { day: string; most: number }[] = [];
  for (let back = days - 1; back >= 0; back--) {
    const at = new Date(now);
    at.setDate(at.getDate() - back);
    result.push({ day: dayOf(at.toISOString()), most: 0 });
  }
  // An end before a beginning at the same moment: the line was free again.
  const events = calls
    .flatMap((c) => [
      { at: Date.parse(c.started), by: 1 },
      { at: c.ended ? Date.parse(c.ended) : Infinity, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by);
  let open = 0;
  for (const event of events) {
    open += event.by;
    if (event.at === Infinity) break;
    const entry = result.find((r) => r.day === dayOf(new Date(event.at).toISOString()));
    if (entry) entry.most = Math.max(entry.most, open);
  }
  return result;
}
