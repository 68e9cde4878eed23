import { api, Problem, type Tagged } from './api/client';
import { Sending } from './ui/form.svelte';

export type Draft = Record<string, string>;
/** A field that was changed here, and meanwhile by somebody else. */
export type Clash<D extends Draft> = { field: keyof D & string; mine: string; theirs: string };

type Kind<Thing, D extends Draft> = {
  /** As the form shows it. */
  draftOf: (thing: Thing) => D;
  /** Sends it; PATCH with what was changed, unless the kind wants it otherwise. */
  send?: (path: string, changed: Partial<D>, whole: D, tag: string) => Promise<Tagged<Thing>>;
};

/**
 * One thing that is being changed. It is written only over what was read (If-Match). If somebody else was there first, it
 * is read again: what they changed elsewhere is taken over, and what both changed is a question, with both versions.
 */
export class Edit<Thing, D extends Draft> {
  /** What the form shows; undefined: it is closed. */
  draft = $state<D>();
  clashes = $state.raw<Clash<D>[]>([]);
  readonly sending: Sending;
  readonly #kind: Kind<Thing, D>;
  #path = '';
  #tag = '';
  #base = {} as D;

  /** fields: those that the form shows. */
  constructor(fields: (keyof D & string)[], kind: Kind<Thing, D>) {
    this.sending = new Sending(fields);
    this.#kind = kind;
  }

  async open(path: string) {
    this.#path = path;
    this.clashes = [];
    await this.sending.run(async () => {
      await this.#read();
      this.draft = { ...this.#base };
    });
  }

  close() {
    this.draft = undefined;
    this.sending.problem = undefined;
  }

  /** What takes it back, once it is written; undefined if it is not. */
  async save(): Promise<(() => Promise<void>) | undefined> {
    let undo: (() => Promise<void>) | undefined;
    this.clashes = [];
    await this.sending.run(async () => (undo = await this.#write()));
    return undo;
  }

  /** Of the fields that clash the others' version; the rest stays as it is typed. */
  takeTheirs() {
    for (const { field, theirs } of this.clashes) this.draft![field] = theirs as D[typeof field];
    this.clashes = [];
  }

  async #read() {
    const { thing, tag } = await api.read<Thing>(this.#path);
    this.#base = this.#kind.draftOf(thing);
    this.#tag = tag;
  }

  #send(changed: Partial<D>, whole: D, tag: string): Promise<Tagged<Thing>> {
    const { send } = this.#kind;
    return send
      ? send(this.#path, changed, whole, tag)
      : api.change<Thing>('PATCH', this.#path, changed, tag);
  }

  async #write(): Promise<(() => Promise<void>) | undefined> {
    const [before, mine] = [this.#base, { ...this.draft! }];
    const fields = changed(before, mine);
    if (!fields.length) return async () => {};
    try {
      const { tag } = await this.#send(pick(mine, fields), mine, this.#tag);
      return async () => void (await this.#send(pick(before, fields), before, tag));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'precondition-failed') throw error;
    }
    await this.#read();
    const { merged, clashes } = meet(before, mine, this.#base);
    this.draft = merged;
    this.clashes = clashes;
    return clashes.length ? undefined : this.#write();
  }
}

/**
 * Changes something as a page shows it, of which a listing had no tag: only if `seen` of it is so still. With what takes
 * the change back, which is refused once somebody else has written since.
 */
export async function change<Thing extends object>(
  path: string,
  seen: Partial<Thing>,
  wanted: object,
): Promise<{ thing: Thing; undo: () => Promise<Thing> }> {
  const { thing: now, tag } = await api.read<Thing>(path);
  const names = Object.keys(seen) as (keyof Thing)[];
  if (names.some((name) => now[name] !== seen[name]))
    throw new Problem(412, 'precondition-failed', 'It was changed meanwhile.');
  const before = Object.fromEntries(Object.keys(wanted).map((name) => [name, now[name as keyof Thing]]));
  const written = await api.change<Thing>('PATCH', path, wanted, tag);
  const undo = async () => (await api.change<Thing>('PATCH', path, before, written.tag)).thing;
  return { thing: written.thing, undo };
}

function changed<D extends Draft>(before: D, after: D): (keyof D & string)[] {
  return Object.keys(before).filter((field) => before[field] !== after[field]);
}

function pick<D extends Draft>(from: D, fields: (keyof D & string)[]): Partial<D> {
  return Object.fromEntries(fields.map((field) => [field, from[field]])) as Partial<D>;
}

/** Three versions of one thing: what both began with, and what each made of it. */
export function meet<D extends Draft>(before: D, mine: D, theirs: D): { merged: D; clashes: Clash<D>[] } {
  const kept = changed(before, mine);
  const both = kept.filter((field) => theirs[field] !== before[field] && theirs[field] !== mine[field]);
  return {
    merged: { ...theirs, ...pick(mine, kept) },
    clashes: both.map((field) => ({ field, mine: mine[field]!, theirs: theirs[field]! })),
  };
}
