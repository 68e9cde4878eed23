import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { User } from '../../src/lib/company';
import { live } from '../../src/lib/live.svelte';
import { everybody } from '../../src/lib/people.svelte';
import type { Query } from '../../src/lib/query.svelte';
import { session } from '../../src/lib/session.svelte';
import { inEffects } from './effects.svelte';
import { sockets, type Socket } from './socket';

describe('the people of a company', () => {
  let socket: Socket;
  let there: User[];
  let asked: string[];
  let down: boolean;
  let takes: number;
  let people: Query<User[]>;
  let end: () => void;

  const person = (n: number) =>
    ({
      id: `u${n}`,
      tenant: 'acme',
      name: `Person ${String(n).padStart(3, '0')}`,
      devices: 1,
      devices_registered: 0,
    }) as User;
  const answer = async (url: string) => {
    asked.push(url.replace('/api/v1', '').replace(/\?.*/, ''));
    await new Promise((done) => setTimeout(done, takes));
    if (down) throw new TypeError('Failed to fetch');
    const id = /users\/(\w+)/.exec(url)?.[1];
    if (!id) return Response.json({ items: there, next: null });
    const user = there.find((u) => u.id === id);
    return user ? Response.json(user) : Response.json({ code: 'unknown-user', detail: '' }, { status: 404 });
  };
  const settled = () => vi.advanceTimersByTimeAsync(2000);
  const change = (n: number, more: Partial<User>) => {
    there = there.map((u) => (u.id === `u${n}` ? { ...u, ...more } : u));
  };
  const tell = (n: number, more = {}) =>
    socket.tell('user', { id: `u${n}`, tenant: 'acme', action: 'changed', ...more });
  const comes = (n: number, devices_registered = 1) => {
    change(n, { devices_registered });
    tell(n, { presence: { devices: 1, devices_registered } });
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.stubGlobal('fetch', answer);
    session.tenant = 'acme';
    [asked, down, takes] = [[], false, 0];
    there = Array.from({ length: 100 }, (_, n) => person(n));
    const all = sockets();
    live.start();
    socket = all[0]!;
    end = inEffects(() => {
      people = everybody();
    });
    flushSync();
    await settled();
    expect(asked).toEqual(['/users']);
    asked = [];
  });
  afterEach(() => {
    end();
    live.stop();
    session.tenant = undefined;
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('come and go without anybody being asked', async () => {
    for (let n = 0; n < 100; n++) comes(n);
    comes(7, 0);
    await settled();
    expect(people.data).toEqual(there);
    expect(asked).toEqual([]);
  });

  it('are asked for one by one if one changes, comes or leaves', async () => {
    comes(1);
    change(1, { name: 'Anna' });
    tell(1);
    comes(1, 2);
    there = [...there.filter((u) => !['u2', 'u3'].includes(u.id)), person(100)];
    tell(100);
    tell(2, { action: 'removed' });
    tell(3);
    await settled();
    expect(people.data).toEqual(there.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
    expect(people.data![0]!.name).toBe('Anna');
    expect(asked.sort()).toEqual(['/users/u1', '/users/u100', '/users/u3']);
  });

  it('are read anew when many change, and after a loss', async () => {
    for (let n = 0; n < 50; n++) tell(n);
    await settled();
    expect(asked).toEqual(['/users']);
    change(5, { devices_registered: 1 });
    socket.onopen();
    await settled();
    expect(people.data).toEqual(there);
    expect(asked).toEqual(['/users', '/users']);
  });

  it('are read anew after a loss in the middle of a reading', async () => {
    takes = 500;
    tell(1);
    await vi.advanceTimersByTimeAsync(300);
    expect(asked).toEqual(['/users/u1']);
    change(5, { devices_registered: 1 });
    socket.onopen();
    await settled();
    expect(people.data).toEqual(there);
    expect(asked).toEqual(['/users/u1', '/users']);
  });

  it('are not those of before when what was told could not be read', async () => {
    down = true;
    change(1, { name: 'Anna' });
    tell(1);
    await settled();
    expect(people.problem?.code).toBe('offline');
    down = false;
    comes(2);
    await settled();
    expect(people.data!.map((u) => u.name).slice(0, 2)).toEqual(['Anna', 'Person 000']);
    expect(new Set(people.data)).toEqual(new Set(there));
    expect(people.problem).toBe(undefined);
  });

  it('are the company’s that is shown', async () => {
    tell(1, { tenant: 'other' });
    await settled();
    expect(asked).toEqual([]);
    there = [{ ...person(1), tenant: 'other' }];
    session.tenant = 'other';
    flushSync();
    await settled();
    expect(people.data).toEqual(there);
  });
});
