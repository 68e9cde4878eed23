import { api, Problem, type Schema } from '../../lib/api/client';
import type { User } from '../../lib/company';
import { change } from '../../lib/edit.svelte';
import { t } from '../../lib/i18n/index.svelte';
import { session } from '../../lib/session.svelte';
import { toasts } from '../../lib/ui/toast.svelte';
import type { PersonDraft } from './person';

/**
 * Somebody who is being added, by one request after the other. Sent again after a refusal it goes on where it stopped,
 * with what was corrected meanwhile: nobody is made twice, and none stays with a name that was typed wrong.
 */
export class Newcomer {
  user = $state.raw<User>();
  device = $state.raw<Schema<'DeviceWithAccount'>>();

  #sent: Promise<void> | undefined;

  send(tenant: string, person: PersonDraft, password: string): Promise<void> {
    return (this.#sent = this.#send(tenant, person, password));
  }

  async #send(tenant: string, person: PersonDraft, password: string) {
    this.user = this.user
      ? await corrected(this.user, person)
      : await api.post<User>('/users', { tenant, ...person });
    if (password) await api.post(`/users/${this.user.id}/password`, { password });
    this.device = await api.post<Schema<'DeviceWithAccount'>>('/devices', {
      tenant,
      user: this.user.id,
      name: 'phone',
    });
  }

  /** The account was seen: what was made stays. */
  seen = false;

  /** It is given up: whoever has no phone yet, or one whose account nobody has seen, is not there at all. */
  async leave() {
    const { seen } = this;
    // What is under way may still make somebody.
    await this.#sent?.catch(() => undefined);
    const { user } = this;
    if (!user || seen) return;
    try {
      await api.delete(`/users/${user.id}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Who is logged out reads nobody's name.
      if (session.current !== null) toasts.say(t('add.half', { name: user.name }));
    }
  }
}

async function corrected(user: User, person: PersonDraft): Promise<User> {
  const { name, extension, login, role } = user;
  const made = { name, extension, login, role };
  const fields = (Object.keys(made) as (keyof PersonDraft)[]).filter(
    (field) => made[field] !== person[field],
  );
  if (!fields.length) return user;
  const wanted = Object.fromEntries(fields.map((field) => [field, person[field]]));
  return (await change<User>(`/users/${user.id}`, made, wanted)).thing;
}
