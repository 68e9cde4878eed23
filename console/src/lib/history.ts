import { api, type List, type Schema } from './api/client';

export type Call = Schema<'Call'>;
export type Filter = { text: string; result: '' | 'answered' | 'missed'; from: string; to: string };

export const PAGE = 50;
/** Looked through in one go, so that a search for something rare does not read years. */
const AT_ONCE = 1000;

/** A day of the person's own clock, as <input type="date"> has it. */
export function dayOf(time: string): string {
  const at = new Date(time);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function fits(call: Call, filter: Filter, names: (login: string | null) => string): boolean {
  const day = dayOf(call.started);
  if (filter.from && day < filter.from) return false;
  if (filter.to && day > filter.to) return false;
  if (filter.result && (filter.result === 'answered') !== (call.answered !== null)) return false;
  const { caller, callee } = call;
  const text = [call.from, call.to, caller.user, callee.user, names(caller.user), names(callee.user)]
    .join(' ')
    .toLowerCase();
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** What a search has found so far, and from where it can go on; cursor null: it has seen all. */
export type Found = { calls: Call[]; cursor: string | null };

/** The newest calls that fit, a page or so of them; goes on from `cursor`. */
export async function search(
  tenant: string | undefined,
  filter: Filter,
  names: (login: string | null) => string,
  cursor?: string | null,
): Promise<Found> {
  const calls: Call[] = [];
  let looked = 0;
  do {
    const page = await api.get<List<Call>>('/calls', { tenant, limit: 200, cursor: cursor ?? undefined });
    calls.push(...page.items.filter((call) => fits(call, filter, names)));
    looked += page.items.length;
    cursor = page.next;
    const oldest = page.items.at(-1);
    // They come newest first: before the first day that is wanted there is nothing more.
    if (oldest && filter.from && dayOf(oldest.started) < filter.from) cursor = null;
  } while (cursor && calls.length < PAGE && looked < AT_ONCE);
  return { calls, cursor: cursor ?? null };
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
