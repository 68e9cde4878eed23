import { describe, expect, it } from 'vitest';
import { parameters, peaks, type Call, type Filter } from '../../src/lib/history';
import { nameOf, rungs } from '../../src/lib/ladder';
import { protection, quality } from '../../src/lib/leg';
import { backoff } from '../../src/lib/backoff';
import type { Schema } from '../../src/lib/api/client';

const at = (hour: number, minute = 0) => new Date(2026, 4, 11, hour, minute).toISOString();
const call = (started: string, ended: string | null, answered: string | null = started) =>
  ({
    from: '101',
    to: '102',
    started,
    ended,
    answered,
    caller: { user: 'anna' },
    callee: { user: null },
  }) as Call;
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
  const now = new Date(2026, 4, 12, 12).getTime();

  it('counts calls that overlap, and not those that only touch', () => {
    const calls = [call(at(9), at(10)), call(at(9, 30), at(11)), call(at(11), at(12))];
    expect(peaks(calls, 2, now)).toEqual([
      { day: '2026-05-11', most: 2 },
      { day: '2026-05-12', most: 0 },
    ]);
  });

  it('counts a call that goes on', () => {
    expect(peaks([call(at(9), null)], 2, now)[0]).toEqual({ day: '2026-05-11', most: 1 });
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
