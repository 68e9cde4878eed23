import { afterEach, describe, expect, it, vi } from 'vitest';
import { parameters, peaks, type Filter } from '../../src/lib/history';
import { nameOf, rungs } from '../../src/lib/ladder';
import { protection, quality, silent, toneOf } from '../../src/lib/leg';
import { backoff } from '../../src/lib/backoff';
import type { Schema } from '../../src/lib/api/client';

const all: Filter = { text: '', person: '', result: '', from: '', to: '' };

describe('a search', () => {
  const given = (filter: Partial<Filter>) =>
    Object.fromEntries(
      Object.entries(parameters({ ...all, ...filter })).filter(([, value]) => value !== undefined),
    );

  it('asks the server for nothing that is not wanted', () => {
    expect(given({ text: '  ' })).toEqual({});
    expect(given({ text: ' 101', person: 'anna' })).toEqual({ q: '101', user: 'anna' });
  });

  it('knows whether somebody answered from what ended it', () => {
    expect(given({ result: 'answered' })).toEqual({ answered: true });
    expect(given({ result: 'missed' })).toEqual({ answered: false });
    expect(given({ result: 'busy' })).toEqual({ result: 'busy' });
  });

  it('takes both days in, as the clock of the person has them', () => {
    const { from, to } = given({ from: '2026-05-11', to: '2026-05-11' });
    expect([from, to]).toEqual([new Date(2026, 4, 11).toISOString(), new Date(2026, 4, 12).toISOString()]);
  });
});

describe('peaks', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('are those of the days of the person, and of those that are over asked for once', async () => {
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      return Response.json({ calls: asked.length });
    });
    const known = new Map<string, number>();
    const now = new Date(2026, 4, 12, 12).getTime();
    expect(await peaks('acme', 2, now, known)).toEqual([
      { day: '2026-05-11', most: 1 },
      { day: '2026-05-12', most: 2 },
    ]);
    const from = new URL(asked[0]!, 'https://acme.example').searchParams;
    expect(from.get('from')).toBe(new Date(2026, 4, 11).toISOString());
    expect(from.get('to')).toBe(new Date(2026, 4, 12).toISOString());
    expect(await peaks('acme', 2, now, known)).toEqual([
      { day: '2026-05-11', most: 1 },
      { day: '2026-05-12', most: 3 },
    ]);
  });
});

describe('a ladder', () => {
  const message = (side: 'caller' | 'callee', direction: 'sent' | 'received', text: string | null) =>
    ({ at: '2026-05-11T09:00:00.000000Z', side, direction, text }) as Schema<'SipMessage'>;

  it('names requests and answers', () => {
    expect(nameOf('INVITE sip:102@acme.example SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n')).toBe('INVITE');
    expect(nameOf('SIP/2.0 486 Busy Here\r\nCSeq: 1 INVITE\r\n\r\n')).toBe('486 Busy Here (INVITE)');
  });

  it('points from who sends to who receives', () => {
    const left = rungs([
      message('caller', 'received', 'INVITE x'),
      message('caller', 'sent', 'SIP/2.0 100 Trying'),
      message('callee', 'sent', 'INVITE x'),
      message('callee', 'received', null),
    ]).map((r) => r.left);
    expect(left).toEqual([false, true, false, true]);
  });
});

describe('a leg', () => {
  const leg = { transport: 'TLS', tls: 'TLSv1.3', srtp: 'AEAD', keys_in_clear: false } as Schema<'EndedLeg'>;

  it('is private only if all of it is', () => {
    expect(protection(leg)).toBe('private');
    expect(protection({ ...leg, keys_in_clear: true })).toBe('keys');
    expect(protection({ ...leg, srtp: null })).toBe('plain');
    expect(protection({ ...leg, transport: null })).toBeUndefined();
  });

  it('is good until one hears it', () => {
    const heard = (lost: number, jitter_us: number) =>
      quality({ ...leg, packets_in: 1000, lost, jitter_us })?.good;
    expect(heard(0, 1000)).toBe(true);
    expect(heard(-3, 1000)).toBe(true);
    expect(heard(50, 1000)).toBe(false);
    expect(heard(0, 50_000)).toBe(false);
    expect(quality({ ...leg, packets_in: 0 })).toBeUndefined();
  });
});

it('waits longer and longer for the server, and not for ever', () => {
  expect(backoff(0, 1)).toBe(500);
  expect(backoff(3, 0)).toBe(2000);
  expect(backoff(40, 1)).toBe(15_000);
});

describe('how a call went', () => {
  const call = (cause: string, from: number, to: number) =>
    ({
      answered: '2026-05-11T10:00:00Z',
      ended: '2026-05-11T10:01:00Z',
      cause,
      caller: { packets_in: from },
      callee: { packets_in: to },
    }) as Schema<'Call'>;

  it('is good only where it ended as people meant it', () => {
    expect(toneOf(call('answered', 9, 9))).toBe('good');
    expect(toneOf(call('lost', 9, 9))).toBe('warn');
    expect(toneOf({ ...call('answered', 9, 9), answered: null })).toBe('warn');
  });

  it('names the sides that sent no voice, once the call has been answered and is over', () => {
    expect(silent(call('answered', 9, 9))).toEqual([]);
    expect(silent(call('answered', 0, 9))).toEqual(['caller']);
    expect(silent(call('answered', 0, 0))).toEqual(['caller', 'callee']);
    expect(silent({ ...call('busy', 0, 0), answered: null })).toEqual([]);
    expect(silent({ ...call('answered', 0, 0), ended: null })).toEqual([]);
  });
});
