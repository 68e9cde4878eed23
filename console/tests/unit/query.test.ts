import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../src/lib/api/client';
import { live } from '../../src/lib/live.svelte';
import { query, type Query } from '../../src/lib/query.svelte';
import { inEffects, state } from './effects.svelte';
import { sockets, type Socket } from './socket';

describe('what a page reads', () => {
  let socket: Socket;
  let read: Query<string>;
  let end: () => void;
  /** What there is; how long an answer takes; readings so far, and at once. */
  let there: number;
  let takes: number;
  let readings: number;
  let atOnce: number;
  let most: number;
  let refused: boolean;
  const company = state('acme');

  const load = async () => {
    const answer = `${company.value} ${there}`;
    readings++;
    most = Math.max(most, ++atOnce);
    await new Promise((done) => setTimeout(done, takes));
    atOnce--;
    if (refused) throw new Problem(0, 'offline', '');
    return answer;
  };
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  /** So many changes a second, for so many seconds. */
  const happens = async (each: number, seconds: number) => {
    for (let i = 0; i < each * seconds; i++) {
      there++;
      socket.tell('user');
      await pass(1000 / each);
    }
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    const all = sockets();
    live.start();
    socket = all[0]!;
    [there, takes, readings, atOnce, most, refused] = [0, 0, 0, 0, 0, false];
    company.value = 'acme';
    end = inEffects(() => {
      read = query(['user'], load);
    });
    flushSync();
    await pass(0);
  });
  afterEach(() => {
    end();
    live.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is read once for changes that come together', async () => {
    await happens(100, 0.1);
    await pass(1000);
    expect(read.data).toBe('acme 10');
    expect(readings).toBe(2);
  });

  it('does not stand still while changes do not end', async () => {
    await happens(20, 5);
    expect(Number(read.data!.split(' ')[1])).toBeGreaterThan(75);
    expect(readings).toBeLessThanOrEqual(6);
  });

  it('shows each answer of a server that is slower than the changes, asked once at a time', async () => {
    takes = 400;
    await happens(4, 1);
    for (let second = 0; second < 5; second++) {
      await happens(4, 1);
      expect(Number(read.data!.split(' ')[1])).toBeGreaterThan(there - 6);
    }
    expect(most).toBe(1);
    await pass(1000);
    expect(read.data).toBe(`acme ${there}`);
    expect(read.busy).toBe(false);
  });

  it('is not kept from another question by one under way, whose answer is nobody’s', async () => {
    takes = 400;
    read.reload();
    await pass(100);
    takes = 100;
    company.value = 'other';
    flushSync();
    await pass(100);
    expect(read.data).toBe('other 0');
    await pass(1000);
    expect(read.data).toBe('other 0');
  });

  it('goes on after a refusal, and keeps what it had', async () => {
    refused = true;
    await happens(1, 1);
    expect([read.data, read.problem?.code]).toEqual(['acme 0', 'offline']);
    refused = false;
    await happens(1, 1);
    expect([read.data, read.problem]).toEqual(['acme 2', undefined]);
  });
});
