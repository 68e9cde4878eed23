import { api, Problem } from './api/client';
import type { User } from './company';
import type { Change } from './live.svelte';

/** What was told of people and is not shown yet: of each the newest, which says all or has them read. */
export class Told {
  readonly #newest = new Map<string, Change>();

  hear(change: Change) {
    const id = change.id!;
    const before = this.#newest.get(id);
    // Who has changed otherwise too is read.
    if (!change.presence || !before || before.presence) this.#newest.set(id, change);
  }

  /** All of it, which is not to be taken again. */
  take(): Told {
    const taken = new Told();
    for (const [id, change] of this.#newest) taken.#newest.set(id, change);
    this.#newest.clear();
    return taken;
  }

  get none() {
    return this.#newest.size === 0;
  }
  /** Of how many more than their presence has changed. */
  get written() {
    return [...this.#newest.values()].filter(({ presence }) => !presence).length;
  }
  map<Thing>(run: (id: string, change: Change) => Thing): Thing[] {
    return [...this.#newest].map(([id, change]) => run(id, change));
  }
}

/** The person as they are now; undefined: there is no such one any more. */
async function personNow(id: string): Promise<User | undefined> {
  try {
    return await api.get<User>(`/users/${id}`);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return undefined;
    throw error;
  }
}

/** What is known of people after what was told of some of them. Of presence the event says all: nobody is asked. */
export async function after(people: User[], told: Told): Promise<User[]> {
  const known = new Map(people.map((user) => [user.id, user]));
  const become = async (id: string, { action, presence }: Change) => {
    const before = known.get(id);
    const now = presence
      ? before && { ...before, ...presence }
      : action !== 'removed'
        ? await personNow(id)
        : undefined;
    if (now) known.set(id, now);
    else known.delete(id);
  };
  await Promise.all(told.map(become));
  return [...known.values()];
}
