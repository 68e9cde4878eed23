import { all, type Schema } from './api/client';
import { i18n } from './i18n/index.svelte';
import { folded, hasWords } from './words';

export type User = Schema<'User'>;
export type Device = Schema<'Device'>;
export type LiveCall = Schema<'LiveCall'>;
export type Presence = 'calling' | 'here' | 'away';

/** What a colleague would like to know before calling. */
export function presence(user: User): Presence {
  if (user.busy) return 'calling';
  return user.devices_registered > 0 ? 'here' : 'away';
}

/** Those who can be called come first; otherwise the order stays. */
export function reachableFirst(people: User[]): User[] {
  return people.toSorted((a, b) => Number(b.devices_registered > 0) - Number(a.devices_registered > 0));
}

/** By name, as the reader's language sorts. */
export function byName<Named extends { name: string }>(all: Named[]): Named[] {
  const { compare } = new Intl.Collator(i18n.locale, { numeric: true });
  return all.toSorted((a, b) => compare(a.name, b.name));
}

/** Whom somebody means who typed this: an extension, a name, or words of one name only. */
export function meant(typed: string, people: User[]): User | undefined {
  const exactly = people.find((u) => u.extension === typed || folded(u.name) === folded(typed));
  if (exactly || !/\p{L}/u.test(typed)) return exactly;
  const [one, another] = people.filter((u) => hasWords(u.name, typed));
  return another ? undefined : one;
}

/** "Anne-Marie Lefèvre" → "anne-marie.lefevre", as logins are written. */
export function loginFor(name: string): string {
  return folded(name)
    .trim()
    .replace(/\s+/g, '.')
    .replace(/[^a-z0-9._-]/g, '')
    .slice(0, 64);
}

/** The next extension after the longest-used range: one more than the highest, and 101 in a new company. */
export function nextExtension(users: Pick<User, 'extension'>[]): string {
  const numbers = users.map((u) => u.extension).filter((e) => e.length <= 6);
  const highest = numbers.reduce((most, e) => Math.max(most, Number(e)), 100);
  return String(highest + 1);
}

export const users = (tenant?: string) => all<User>('/users', { tenant });
export const liveCalls = (tenant?: string) => all<LiveCall>('/calls', { live: true, tenant });

/** People as a choice, by name. */
export function peopleChoices(people: User[]): { value: string; label: string }[] {
  return people
    .map((u) => ({ value: u.login, label: `${u.name} (${u.extension})` }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
