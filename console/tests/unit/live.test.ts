import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { live } from '../../src/lib/live.svelte';
import { sockets, type Socket } from './socket';

describe('the event stream', () => {
  let all: Socket[];
  let told: string[];
  let ignore: () => void;
  beforeEach(() => {
    vi.useFakeTimers();
    all = sockets();
    told = [];
    ignore = live.listen(({ kind }) => told.push(kind));
    live.start();
  });
  afterEach(() => {
    live.stop();
    ignore();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const open = () => all.filter((socket) => !socket.closed);

  it('has everything read anew whenever it opens, the first time too', () => {
    all[0]!.onopen();
    expect(told).toEqual(['resync']);
    all[0]!.tell('call');
    all[0]!.close();
    vi.runOnlyPendingTimers();
    all[1]!.onopen();
    expect(told).toEqual(['resync', 'call', 'resync']);
  });

  it('is one, however often the network comes', () => {
    all[0]!.close();
    for (let times = 0; times < 5; times++) dispatchEvent(new Event('online'));
    expect(open()).toHaveLength(1);
    vi.runOnlyPendingTimers();
    expect(open()).toHaveLength(1);
    for (const socket of all) socket.onopen();
    expect(told).toEqual(['resync']);
  });

  it('does not wait any longer once somebody looks', () => {
    all[0]!.close();
    document.dispatchEvent(new Event('visibilitychange'));
    document.dispatchEvent(new Event('visibilitychange'));
    expect(all).toHaveLength(2);
  });

  it('says so when there are too many pages, until there is room', async () => {
    let code = 'too-often';
    vi.stubGlobal('fetch', async () => ({
      ok: false,
      status: 429,
      json: async () => ({ code, detail: '' }),
    }));
    all[0]!.close();
    expect(live.state).toBe('lost');
    await vi.advanceTimersByTimeAsync(0);
    expect(live.state).toBe('full');
    vi.runOnlyPendingTimers();
    all[1]!.close();
    expect(live.state).toBe('full');
    code = 'bad-request';
    await vi.advanceTimersByTimeAsync(0);
    expect(live.state).toBe('lost');
    vi.runOnlyPendingTimers();
    all[2]!.onopen();
    expect(live.state).toBe('on');
    code = 'busy';
    all[2]!.close(); // it was there, so nobody asks why
    await vi.advanceTimersByTimeAsync(0);
    expect(live.state).toBe('lost');
  });

  it('stays away once it is not wanted', () => {
    all[0]!.close();
    live.stop();
    vi.runOnlyPendingTimers();
    dispatchEvent(new Event('online'));
    expect(open()).toHaveLength(0);
  });
});
