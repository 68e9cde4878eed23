import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { live } from '../../src/lib/live.svelte';
import { session } from '../../src/lib/session.svelte';
import { sockets } from './socket';

type Answer = () => Response;
const gone: Answer = () => {
  throw new TypeError('Failed to fetch');
};
const away: Answer = () => Response.json({ code: 'unavailable', detail: 'a restart' }, { status: 503 });
const nobody: Answer = () => Response.json({ code: 'no-login', detail: 'who?' }, { status: 401 });
const done: Answer = () => new Response(null, { status: 204 });
const anna: Answer = () =>
  Response.json({ csrf: 'secret', user: { id: '1', name: 'Anna', role: 'user', tenant: 'acme' } });

describe('a session', () => {
  let answer: Answer;
  let asked: { method: string; csrf: string | undefined }[];
  beforeEach(() => {
    vi.useFakeTimers();
    sockets();
    asked = [];
    vi.stubGlobal('fetch', async (_: string, { method, headers }: RequestInit) => {
      asked.push({ method: method!, csrf: (headers as Record<string, string>)['X-CSRF-Token'] });
      return answer();
    });
  });
  afterEach(() => {
    live.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const soon = () => vi.advanceTimersByTimeAsync(0);
  const later = () => vi.advanceTimersByTimeAsync(20_000);

  it('is looked for until the server has said whether there is one', async () => {
    for (answer of [gone, away]) {
      void session.find();
      await later();
      expect(session.waiting).toBe('begin');
      expect(session.current).not.toBe(null);
      answer = anna;
      await later();
      expect(session.waiting).toBeUndefined();
      expect(session.current?.user.name).toBe('Anna');
    }
    answer = nobody;
    await session.find();
    expect(session.current).toBe(null);
    expect(session.waiting).toBeUndefined();
  });

  it('is no longer shown from the moment that somebody leaves, and ends once the server hears of it', async () => {
    answer = anna;
    await session.find();
    answer = gone;
    asked = [];
    void session.end();
    expect(session.current).toBe(null);
    await later();
    expect(session.waiting).toBe('end');
    answer = done;
    dispatchEvent(new Event('online'));
    await soon();
    expect(session.waiting).toBeUndefined();
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked.map(({ method, csrf }) => `${method} ${csrf}`))).toEqual(new Set(['DELETE secret']));
  });

  it('has ended if the server does not know it any more', async () => {
    answer = anna;
    await session.find();
    answer = nobody;
    await session.end();
    expect([session.current, session.waiting]).toEqual([null, undefined]);
  });
});
