import { all, api, type Schema } from '../../lib/api/client';
import { Edit } from '../../lib/edit.svelte';
import { t } from '../../lib/i18n/index.svelte';
import { toasts } from '../../lib/ui/toast.svelte';

export type NumberEntry = Schema<'NumberEntry'>;
export type NumberDraft = { user: string };

export const numberEdit = () =>
  new Edit<NumberEntry, NumberDraft>(['user'], { draftOf: ({ user }) => ({ user }) });

export const numbers = (tenant?: string, user?: string) => all<NumberEntry>('/numbers', { tenant, user });

/** It comes back with the id that it had. */
export async function removeNumber(entry: NumberEntry, changed: () => void) {
  await api.delete(`/numbers/${entry.id}`);
  const { tenant, number, user } = entry;
  toasts.say(t('number.removed', { number }), async () => {
    await api.put(`/numbers/${entry.id}`, { tenant, number, user });
    changed();
  });
  changed();
}

/** Whom numbers ring, with all of theirs: a company may have as many as people. */
export function byPerson(entries: NumberEntry[]): (user: { login: string; tenant: string }) => string[] {
  const numbers = new Map<string, string[]>();
  const keyOf = (tenant: string, login: string) => `${tenant} ${login}`;
  for (const { tenant, user, number } of entries) {
    const key = keyOf(tenant, user);
    numbers.set(key, [...(numbers.get(key) ?? []), number]);
  }
  return ({ login, tenant }) => numbers.get(keyOf(tenant, login)) ?? [];
}
