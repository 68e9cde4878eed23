import type { Cursor, Found } from './find';
import { query } from './query.svelte';
import { Sending } from './ui/form.svelte';

/**
 * A search that a page shows, begun anew as query() has it, and read on by hand. Another search forgets what was read
 * beyond its first page, also what is still on its way. Called while a component is made.
 */
export class Searched<Item> {
  readonly older = new Sending([]);
  readonly #look: (cursor?: Cursor) => Promise<Found<Item>>;
  readonly #first;
  #more = $state.raw<Found<Item>>();
  #turn = 0;

  constructor(kinds: string[], look: (cursor?: Cursor) => Promise<Found<Item>>) {
    this.#look = look;
    this.#first = query(kinds, () => {
      this.#turn++;
      this.#more = undefined;
      return look();
    });
  }

  get items(): Item[] {
    return [...(this.#first.data?.items ?? []), ...(this.#more?.items ?? [])];
  }
  get cursor(): Cursor {
    return this.#more ? this.#more.cursor : this.#first.data?.cursor;
  }
  /** The first page was read. */
  get looked() {
    return this.#first.data !== undefined;
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
      const turn = this.#turn;
      const { items, cursor } = await this.#look(this.cursor);
      if (turn === this.#turn) this.#more = { items: [...(this.#more?.items ?? []), ...items], cursor };
    });
}
