import { Problem } from './api/client';
import { live, type Change } from './live.svelte';

/** Many changes that come together are read once. */
const TOGETHER_MS = 120;
/** For what no change tells of: often enough to look live, and nothing to the server. */
export const OFTEN_MS = 5000;

/** At least one: a page that names none would be read once, and look live. */
export type Kinds = readonly [Kind, ...Kind[]];
type Kind = Exclude<Change['kind'], 'hello' | 'resync'>;

export type Query<Data> = {
  readonly data: Data | undefined;
  readonly problem: Problem | undefined;
  /** It is being read. */
  readonly busy: boolean;
  reload(): void;
};

/**
 * What `load` gives, read again when state that it reads changes, and when the server tells of a change of one of these
 * kinds. Called while a component is made. Of two answers the one that was asked for last stays.
 *
 * kinds: 'untold' if no change tells of it.
 * load: again: what it reads of the page's state is as it was.
 * everyMs: of what no change tells, so that it is also read from time to time, while somebody looks at the page.
 */
export function query<Data>(
  kinds: Kinds,
  load: (again: boolean) => Promise<Data>,
  everyMs?: number,
): Query<Data>;
export function query<Data>(
  kinds: 'untold',
  load: (again: boolean) => Promise<Data>,
  everyMs: number,
): Query<Data>;
export function query<Data>(
  kinds: Kinds | 'untold',
  load: (again: boolean) => Promise<Data>,
  everyMs?: number,
): Query<Data> {
  let data = $state.raw<Data>();
  let problem = $state.raw<Problem>();
  let busy = $state(false);
  let asked = 0;
  const told: readonly string[] = kinds === 'untold' ? [] : kinds;

  async function run(again: boolean) {
    const turn = ++asked;
    busy = true;
    try {
      const answer = await load(again);
      if (turn === asked) [data, problem] = [answer, undefined];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (turn === asked) problem = error;
    } finally {
      if (turn === asked) busy = false;
    }
  }

  $effect(() => {
    void run(false);
    return () => void asked++;
  });
  $effect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ignore = live.listen((change) => {
      if (change.kind !== 'resync' && !told.includes(change.kind)) return;
      clearTimeout(timer);
      timer = setTimeout(() => run(true), TOGETHER_MS);
    });
    return () => {
      clearTimeout(timer);
      ignore();
    };
  });

  if (everyMs)
    $effect(() => {
      const again = () => document.visibilityState === 'visible' && void run(true);
      const timer = setInterval(again, everyMs);
      return () => clearInterval(timer);
    });

  return {
    get busy() {
      return busy;
    },
    get data() {
      return data;
    },
    get problem() {
      return problem;
    },
    reload: () => void run(true),
  };
}
