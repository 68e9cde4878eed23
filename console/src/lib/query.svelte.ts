import { Problem } from './api/client';
import { live } from './live.svelte';

/** Many changes that come together are read once. */
const TOGETHER_MS = 120;

export type Query<Data> = {
  readonly data: Data | undefined;
  readonly problem: Problem | undefined;
  reload(): void;
};

/**
 * What `load` gives, read again when state that it reads changes, and when the server tells of a change of one of these
 * kinds. Called while a component is made. Of two answers the one that was asked for last stays.
 */
export function query<Data>(kinds: string[], load: () => Promise<Data>): Query<Data> {
  let data = $state.raw<Data>();
  let problem = $state.raw<Problem>();
  let asked = 0;

  async function run() {
    const turn = ++asked;
    try {
      const answer = await load();
      if (turn === asked) [data, problem] = [answer, undefined];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (turn === asked) problem = error;
    }
  }

  $effect(() => {
    void run();
    return () => void asked++;
  });
  $effect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ignore = live.listen((change) => {
      if (change.kind !== 'resync' && !kinds.includes(change.kind)) return;
      clearTimeout(timer);
      timer = setTimeout(run, TOGETHER_MS);
    });
    return () => {
      clearTimeout(timer);
      ignore();
    };
  });

  return {
    get data() {
      return data;
    },
    get problem() {
      return problem;
    },
    reload: () => void run(),
  };
}
