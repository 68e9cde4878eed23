import { afterEach, describe, expect, it, vi } from 'vitest';
import { change, Edit, meet } from '../../src/lib/edit.svelte';
import { i18n } from '../../src/lib/i18n/index.svelte';
import { toasts } from '../../src/lib/ui/toast.svelte';

type Person = { name: string; extension: string; devices: number };
type PersonDraft = { name: string; extension: string };

/** A server with one person, whom `elsewhere` changes behind the page's back. */
function server(person: Person) {
  let version = 1;
  const sent: unknown[] = [];
  vi.stubGlobal('fetch', async (_: string, { method, headers, body }: RequestInit) => {
    const etag = () => ({ ETag: `"${version}"` });
    if (method === 'GET') return Response.json(person, { headers: etag() });
    if ((headers as Record<string, string>)['If-Match'] !== etag().ETag)
      return Response.json({ code: 'precondition-failed', detail: 'changed' }, { status: 412 });
    const change = JSON.parse(body as string);
    sent.push(change);
    elsewhere(change);
    return Response.json(person, { headers: etag() });
  });
  const elsewhere = (change: Partial<Person>) => {
    person = { ...person, ...change };
    version++;
  };
  return { sent, elsewhere, person: () => person };
}

async function opened() {
  const edit = new Edit<Person, PersonDraft>(['name', 'extension'], {
    draftOf: ({ name, extension }) => ({ name, extension }),
  });
  await edit.open('/users/1');
  return edit;
}

describe('a change', () => {
  afterEach(() => vi.unstubAllGlobals());
  const anna = { name: 'Anna', extension: '101', devices: 1 };

  it('sends what was changed, and takes it back', async () => {
    const there = server(anna);
    const edit = await opened();
    edit.draft!.name = 'Ana';
    const undo = await edit.save();
    expect(there.sent).toEqual([{ name: 'Ana' }]);
    await undo!();
    expect(there.person()).toEqual(anna);
  });

  it('does not take back what somebody else has written since', async () => {
    const there = server(anna);
    const edit = await opened();
    edit.draft!.name = 'Ana';
    const undo = await edit.save();
    there.elsewhere({ name: 'Anne' });
    await expect(undo!()).rejects.toThrow('changed');
    expect(there.person().name).toBe('Anne');
  });

  it('joins what was changed here and elsewhere', async () => {
    const there = server(anna);
    const edit = await opened();
    there.elsewhere({ extension: '201' });
    edit.draft!.name = 'Ana';
    expect(await edit.save()).toBeDefined();
    expect(there.person()).toEqual({ ...anna, name: 'Ana', extension: '201' });
  });

  it('asks where both changed the same, and loses neither', async () => {
    const there = server(anna);
    const edit = await opened();
    there.elsewhere({ name: 'Anne' });
    edit.draft!.name = 'Ana';
    edit.draft!.extension = '201';
    expect(await edit.save()).toBeUndefined();
    expect(edit.clashes).toEqual([{ field: 'name', mine: 'Ana', theirs: 'Anne' }]);
    expect(there.person().name).toBe('Anne');
    expect(edit.draft).toEqual({ name: 'Ana', extension: '201' });
    expect(await edit.save()).toBeDefined();
    expect(there.person()).toEqual({ ...anna, name: 'Ana', extension: '201' });
  });

  it('takes the version of the others where that is wanted', async () => {
    const there = server(anna);
    const edit = await opened();
    there.elsewhere({ name: 'Anne' });
    edit.draft!.name = 'Ana';
    await edit.save();
    edit.takeTheirs();
    expect(await edit.save()).toBeDefined();
    expect(there.person().name).toBe('Anne');
    expect(there.sent).toEqual([]);
  });

  it('says what the server does not like, and stays open', async () => {
    server(anna);
    const edit = await opened();
    vi.stubGlobal('fetch', async () =>
      Response.json({ code: 'extension-taken', detail: 'taken', field: 'extension' }, { status: 409 }),
    );
    edit.draft!.extension = '102';
    expect(await edit.save()).toBeUndefined();
    expect(edit.sending.problem?.field).toBe('extension');
    expect(edit.draft!.extension).toBe('102');
  });
});

describe('a change of what a listing shows', () => {
  const anna = { name: 'Anna', extension: '101', devices: 1 };
  afterEach(() => vi.unstubAllGlobals());

  it('is made where it is so still, and taken back', async () => {
    const there = server(anna);
    const { thing, undo } = await change<Person>('/users/1', { name: 'Anna' }, { name: 'Ana' });
    expect(thing.name).toBe('Ana');
    await undo();
    expect(there.person()).toEqual(anna);
  });

  it('is not made over what nobody has seen here', async () => {
    const there = server(anna);
    there.elsewhere({ name: 'Anne' });
    await expect(change<Person>('/users/1', { name: 'Anna' }, { name: 'Ana' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(there.person().name).toBe('Anne');
  });
});

describe('undo', () => {
  const anna = { name: 'Anna', extension: '101', devices: 1 };
  afterEach(() => {
    vi.unstubAllGlobals();
    toasts.clear();
  });

  async function given() {
    const there = server(anna);
    const { undo } = await change<Person>('/users/1', { name: 'Anna' }, { name: 'Ana' });
    toasts.say('done', undo);
    return there;
  }
  const said = () => toasts.all.map((toast) => toast.text);

  it('leaves what somebody else has written since, and says so', async () => {
    i18n.choose('en');
    const there = await given();
    there.elsewhere({ name: 'Anne' });
    await toasts.undo(toasts.all[0]!);
    expect(there.person().name).toBe('Anne');
    expect(said()).toEqual(['Somebody changed this meanwhile: look at it again.']);
  });

  it('says that the server was not reached', async () => {
    i18n.choose('en');
    await given();
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError()));
    await toasts.undo(toasts.all[0]!);
    expect(said()).toEqual([expect.stringContaining('The server was not reached')]);
  });
});

it('is no clash that both made the same of it', () => {
  const before = { a: '1', b: '1', c: '1' };
  const { merged, clashes } = meet(
    before,
    { ...before, a: '2', b: '3' },
    { ...before, a: '2', b: '4', c: '5' },
  );
  expect(merged).toEqual({ a: '2', b: '3', c: '5' });
  expect(clashes).toEqual([{ field: 'b', mine: '3', theirs: '4' }]);
});
