import { beforeEach, expect, it } from 'vitest';
import {
  advice,
  howLong,
  lastDay,
  lastMonth,
  percent,
  period,
  reportDay,
  type InClear,
  type Report,
} from '../../src/lib/compliance';
import { i18n } from '../../src/lib/i18n/index.svelte';

beforeEach(() => i18n.choose('en'));

it('takes in both days, as the server counts them', () => {
  const days = lastMonth(Date.parse('2026-03-01T00:30:00Z'));
  expect(days).toEqual({ from: '2026-01-31', to: '2026-03-01' });
  expect(period(days.from, days.to)).toEqual({ from: '2026-01-31T00:00:00Z', to: '2026-03-01T23:59:59Z' });
  expect(period('', '')).toEqual({});
  expect(lastDay({ to: '2026-03-02T00:00:00.000000Z' } as Report)).toBe(reportDay('2026-03-01T12:00:00Z'));
});

it('never calls whole what is not', () => {
  expect(percent(3, 3)).toBe('100%');
  expect(percent(99_999, 100_000)).toBe('99.9%');
  expect(percent(0, 3)).toBe('0%');
  expect(percent(0, 0)).toBe('0%');
});

it('says how long something is kept', () => {
  expect([null, 0, 1, 47, 48, 8760].map(howLong)).toEqual([
    'without end',
    'not kept',
    '1 hour',
    '47 hours',
    '2 days',
    '365 days',
  ]);
});

it('says what to do', () => {
  const peer = { kind: 'device', id: 'd', voice: 0, signalling: 1 } as InClear;
  expect(advice(peer)).toContain('register over TLS');
  expect(advice({ ...peer, voice: 1 })).toContain('encryption on');
  expect(advice({ ...peer, id: null })).toContain('Nothing');
  expect(advice({ ...peer, kind: 'trunk', id: null })).toContain('SRTP');
});
