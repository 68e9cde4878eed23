import type { Cursor, Found } from './find';
import { query, type Kinds } from './query.svelte';
import { Sending } from './ui/form.svelte';

/** Pages read to reach what was found before. What is new by then is more than anybody reads: it is begun anew. */
const AHEAD = 4;

/** The newest first: their ids begin with their time. */
type Row = { id: string };

/** Between these two there may be rows that neither has; older: what was found before. */
function apart<Item extends Row>(newer: Found<Item>, older: Found<Item>): boolean {
  const last = newer.items.at(-1);
  const first = older.items[0];
  return newer.cursor !== null && last !== undefined && first !== undefined && last.id > first.id;
}

/** What is newer counts as far as it goes; beyond it, what was found before. */
function joined<Item extends Row>(newer: Found<Item>, older: Found<Item>): Found<Item> {
  const last = newer.items.at(-1);
  if (newer.cursor === null || apart(newer, older)) return newer;
  // Nothing as far as it looked: what was found before lies beyond.
  if (!last) return older;
  const rest = older.items.filter((item) => item.id < last.id);
  return rest.length ? { items: [...newer.items, ...rest], cursor: older.cursor } : newer;
}

/**
 * A search that a page shows, begun anew as query() has it, and read on by hand. What is new joins what was read on;
 * another search forgets it, also what is still on its way. Called while a component is made.
 */
export class Searched<Item extends Row> {
  readonly older = new Sending([]);
  readonly #look: (cursor?: Cursor) => Promise<Found<Item>>;
  readonly #first;
  #found = $state.raw<Found<Item>>();
  #turn = 0;
  #search = 0;
  /** The search that #found is of; and whether somebody wanted more of it than its first page. */
  #of = 0;
  #beyond = false;

  constructor(kinds: Kinds, look: (cursor?: Cursor) => Promise<Found<Item>>) {
    this.#look = look;
    this.#first = query(kinds, (again) => this.#read(again));
  }

  /** again: it is the same search. */
  async #read(again: boolean) {
    const turn = ++this.#turn;
    if (!again) {
      this.#search++;
      this.#beyond = false;
    }
    const search = this.#search;
    let newest = await this.#look();
    const before = this.#beyond && this.#of === search ? this.#found : undefined;
    for (let pages = 1; before && pages < AHEAD && apart(newest, before); pages++) {
      const next = await this.#look(newest.cursor);
      newest = { items: [...newest.items, ...next.items], cursor: next.cursor };
    }
    // It may have been read on meanwhile.
    if (turn !== this.#turn) return;
    this.#found = before ? joined(newest, this.#found!) : newest;
    this.#of = search;
  }

  get items(): Item[] {
    return this.#found?.items ?? [];
  }
  get cursor(): Cursor {
    return this.#found?.cursor;
  }
  /** The first page was read. */
  get looked() {
    return this.#found !== undefined;
  }
  get problem() {
    return this.#first.problem;
  }
  get busy() {
    return this.#first.busy || this.older.busy;
  }
  again = () => this.#first.reload();

  goOn = () =>
    void this.older.run(async () => {
      const { cursor } = this;
      const search = this.#search;
      this.#beyond = true;
      const next = await this.#look(cursor);
      // From where it went on may be gone: somebody looks for something else, or too much is new.
      if (search !== this.#search || search !== this.#of || cursor !== this.cursor) return;
      this.#found = { items: [...this.items, ...next.items], cursor: next.cursor };
    });
}
