import { describe, expect, it } from 'vitest';
import { judge, measure } from '../../src/lib/phone/quality';

describe('judge', () => {
  it('is good below all limits, and names what is worst', () => {
    expect(judge(0.009, 29, 299)).toEqual({ rating: 'good' });
    expect(judge(0.01, 0, 0)).toEqual({ rating: 'fair', reason: 'loss' });
    expect(judge(0, 30, 0)).toEqual({ rating: 'fair', reason: 'jitter' });
    expect(judge(0, 0, 300)).toEqual({ rating: 'fair', reason: 'delay' });
    expect(judge(0.01, 60, 300)).toEqual({ rating: 'poor', reason: 'jitter' });
    expect(judge(0.05, 60, 500)).toEqual({ rating: 'poor', reason: 'loss' });
  });

  it('does not hold a delay against a call that has none yet', () => {
    expect(judge(0, 0, undefined)).toEqual({ rating: 'good' });
  });
});

describe('measure', () => {
  const report = (received: number, lost: number) => [
    { id: 'C', type: 'codec', mimeType: 'audio/opus' },
    {
      id: 'I',
      type: 'inbound-rtp',
      kind: 'audio',
      packetsReceived: received,
      packetsLost: lost,
      jitter: 0.004,
      codecId: 'C',
    },
    { id: 'P', type: 'candidate-pair', currentRoundTripTime: 0.02 },
    { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
  ];

  it('is nothing before anything has come', () => {
    expect(measure([{ id: 'T', type: 'transport' }])).toBeUndefined();
  });

  it('looks at what came since the last time, not at the whole call', () => {
    const first = measure(report(900, 100))!;
    expect(first.quality).toMatchObject({
      rating: 'poor',
      reason: 'loss',
      codec: 'opus',
      jitterMs: 4,
      delayMs: 20,
    });
    const next = measure(report(1000, 100), first.totals)!;
    expect(next.quality).toMatchObject({ rating: 'good', loss: 0 });
  });

  it('takes what the other side measured of the way before what ICE did', () => {
    const remote = { id: 'R', type: 'remote-inbound-rtp', kind: 'audio', roundTripTime: 0.4 };
    expect(measure([...report(100, 0), remote])!.quality).toMatchObject({
      rating: 'fair',
      reason: 'delay',
      delayMs: 400,
    });
  });

  it('is not misled by duplicates, which make fewer seem lost', () => {
    expect(measure(report(200, 0), { received: 100, lost: 3 })!.quality.loss).toBe(0);
  });
});
