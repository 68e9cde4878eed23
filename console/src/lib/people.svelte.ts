import { byName, users, type User } from './company';
import { live } from './live.svelte';
import { query, type Query } from './query.svelte';
import { session } from './session.svelte';
import { after, Told } from './told';

/** Of whom so many have changed, they are read one by one; of more, all are. */
const FEW = 20;

/**
 * The people of the company whose pages are shown, by name: all are read once, then only who has changed. Called while a component
 * is made.
 */
export function everybody(): Query<User[]> {
  const told = new Told();
  /** What is known is not enough to go on from. */
  let anew = true;

  const people: Query<User[]> = query(['user', 'presence'], async (again): Promise<User[]> => {
    const { tenant } = session;
    const changes = told.take();
    const whole = anew || !again || changes.written > FEW;
    anew = false;
    if (!whole && changes.none) return people.data!;
    try {
      return byName(whole ? await users(tenant) : await after(people.data!, changes));
    } catch (error) {
      anew = true; // what was told is not told again
      throw error;
    }
  });

  $effect(() =>
    live.listen((change) => {
      if (change.kind === 'resync') anew = true;
      if (change.kind === 'user' && (!session.tenant || change.tenant === session.tenant)) told.hear(change);
    }),
  );

  return {
    get busy() {
      return people.busy;
    },
    get data() {
      return people.data;
    },
    get problem() {
      return people.problem;
    },
    reload() {
      anew = true;
      people.reload();
    },
  };
}
