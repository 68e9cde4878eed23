import { Problem } from './api/client';
import { live, type Change } from './live.svelte';

/** Many changes that come together are read once. */
const TOGETHER_MS = 120;
/** Where they do not end: what is shown is no older. */
const LONGEST_MS = 1000;
/** For what no change tells of: often enough to look live, and nothing to the server. */
export const OFTEN_MS = 5000;

/** At least one: a page that names none would be read once, and look live. */
export type Kinds = readonly [Kind, ...Kind[]];
/** presence: of a person who is otherwise as they were, which is told often. */
type Kind = Exclude<Change['kind'], 'hello' | 'resync'> | 'presence';

export type Query<Data> = {
  readonly data: Data | undefined;
  readonly problem: Problem | undefined;
  /** It is being read. */
  readonly busy: boolean;
  reload(): void;
};

/**
 * What `load` gives, read again when state that it reads changes, and when the server tells of a change of one of these
 * kinds. Called while a component is made. One reading is under way at a time, and what is told meanwhile is read after it:
 * each answer is shown, unless the page's state asks for something else by then.
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
  /** What the page's state asks for; an answer to an earlier question is nobody's. */
  let asked = 0;
  let reading = false;
  let onceMore = false;
  const told: readonly string[] = kinds === 'untold' ? [] : kinds;

  async function read(again: boolean) {
    const question = asked;
    const stands = () => question === asked;
    [busy, reading, onceMore] = [true, true, false];
    try {
      const answer = await load(again);
      if (stands()) [data, problem] = [answer, undefined];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (stands()) problem = error;
    } finally {
      if (stands()) [busy, reading] = [false, false];
    }
    if (stands() && onceMore) void read(true);
  }

  function reload() {
    if (reading) onceMore = true;
    else void read(true);
  }

  $effect(() => {
    asked++;
    void read(false);
    return () => void asked++;
  });
  $effect(() => {
    let soon: ReturnType<typeof setTimeout> | undefined;
    let latest: ReturnType<typeof setTimeout> | undefined;
    const rest = () => {
      clearTimeout(soon);
      clearTimeout(latest);
      latest = undefined;
    };
    const due = () => {
      rest();
      reload();
    };
    const ignore = live.listen((change) => {
      const kind = change.presence ? 'presence' : change.kind;
      if (kind !== 'resync' && !told.includes(kind)) return;
      clearTimeout(soon);
      soon = setTimeout(due, TOGETHER_MS);
      latest ??= setTimeout(due, LONGEST_MS);
    });
    return () => {
      rest();
      ignore();
    };
  });

  if (everyMs)
    $effect(() => {
      const again = () => document.visibilityState === 'visible' && reload();
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
    reload,
  };
}
