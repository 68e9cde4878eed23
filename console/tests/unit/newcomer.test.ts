import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toasts } from '../../src/lib/ui/toast.svelte';
import { Newcomer } from '../../src/pages/people/newcomer.svelte';

const anna = { name: 'Ana', extension: '101', login: 'ana', role: 'user' };

/** What there is at the server, and which requests it refuses now. */
describe('somebody who is added', () => {
  let people: object[];
  let devices: object[];
  let refused: string | undefined;
  let newcomer: Newcomer;

  beforeEach(() => {
    people = [];
    devices = [];
    refused = undefined;
    newcomer = new Newcomer();
    vi.stubGlobal('fetch', async (url: string, { method, body }: RequestInit) => {
      const asked = `${method} ${url.replace('/api/v1', '')}`;
      const given = body ? JSON.parse(body as string) : {};
      if (asked === refused)
        return Response.json({ code: 'invalid-field', detail: 'no', field: 'password' }, { status: 400 });
      if (method === 'DELETE') people.pop();
      else if (asked === 'POST /users') people.push({ id: '1', ...given });
      else if (asked === 'POST /devices') devices.push(given);
      else if (method === 'PATCH') Object.assign(people[0]!, given);
      return method === 'DELETE' ? new Response(null, { status: 204 }) : Response.json(people[0] ?? {});
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    toasts.clear();
  });

  const refusedFor = async (what: string, password = '') => {
    refused = what;
    await expect(newcomer.send('acme', anna, password)).rejects.toThrow('no');
    refused = undefined;
  };

  it('is who the corrected form says, and once', async () => {
    await refusedFor('POST /users/1/password', 'short');
    const corrected = { ...anna, name: 'Anna', extension: '201', login: 'anna' };
    await newcomer.send('acme', corrected, 'long enough for it');
    expect(people).toEqual([{ id: '1', tenant: 'acme', ...corrected }]);
    expect(newcomer.user).toMatchObject(corrected);
    expect(devices).toHaveLength(1);
  });

  it('is not left behind without a phone', async () => {
    await refusedFor('POST /devices');
    expect(people).toHaveLength(1);
    await newcomer.leave();
    expect(people).toEqual([]);
  });

  it('is told of where that cannot be helped', async () => {
    await refusedFor('POST /devices');
    refused = 'DELETE /users/1';
    await newcomer.leave();
    expect(toasts.all.map((toast) => toast.text)).toEqual([expect.stringContaining('Ana')]);
  });

  it('stays, once the account of a phone was seen', async () => {
    await newcomer.send('acme', anna, '');
    newcomer.seen = true;
    await newcomer.leave();
    expect(people).toHaveLength(1);
  });

  it('is given up also while it is under way', async () => {
    const sent = newcomer.send('acme', anna, '');
    await newcomer.leave();
    await sent;
    expect(people).toEqual([]);
  });
});
