export type Quality = {
  rating: 'good' | 'fair' | 'poor';
  /** What is worst about it; none: it is good. */
  reason?: 'loss' | 'jitter' | 'delay' | undefined;
  /** Of what came, the part that was lost in the last seconds; 0 to 1. */
  loss: number;
  jitterMs: number;
  /** There and back; undefined: not measured yet. */
  delayMs: number | undefined;
  codec: string;
};

/** What the figures of a moment are compared with: those of the moment before. */
export type Totals = { received: number; lost: number };

/** From here on one hears it, and from here on it disturbs (ITU-T G.107 and G.114 are the ground of it). */
const LIMITS = {
  loss: [0.01, 0.05],
  jitter: [30, 60],
  delay: [300, 500],
} as const;

export function judge(
  loss: number,
  jitterMs: number,
  delayMs: number | undefined,
): Pick<Quality, 'rating' | 'reason'> {
  const figures = { loss, jitter: jitterMs, delay: delayMs ?? 0 };
  for (const [rating, at] of [
    ['poor', 1],
    ['fair', 0],
  ] as const)
    for (const reason of ['loss', 'delay', 'jitter'] as const)
      if (figures[reason] >= LIMITS[reason][at]) return { rating, reason };
  return { rating: 'good' };
}

/** What a browser counts of a call (W3C webrtc-stats), and the totals for the next time; undefined: nothing came yet. */
export function measure(
  report: Iterable<Record<string, unknown>>,
  before: Totals = { received: 0, lost: 0 },
): { quality: Quality; totals: Totals } | undefined {
  const byId = new Map([...report].map((entry) => [String(entry.id), entry]));
  const of = (type: string) =>
    [...byId.values()].find((e) => e.type === type && (e.kind ?? 'audio') === 'audio');
  const inbound = of('inbound-rtp');
  if (!inbound) return undefined;
  const totals = { received: Number(inbound.packetsReceived ?? 0), lost: Number(inbound.packetsLost ?? 0) };
  const received = totals.received - before.received;
  // Duplicates can make the count of the lost go down (RFC 3550 §6.4.1).
  const lost = Math.max(0, totals.lost - before.lost);
  const loss = received + lost ? lost / (received + lost) : 0;
  const jitterMs = Number(inbound.jitter ?? 0) * 1000;
  const pair = byId.get(String(of('transport')?.selectedCandidatePairId));
  const seconds = of('remote-inbound-rtp')?.roundTripTime ?? pair?.currentRoundTripTime;
  const delayMs = seconds === undefined ? undefined : Number(seconds) * 1000;
  const codec = String(byId.get(String(inbound.codecId))?.mimeType ?? '').replace('audio/', '');
  return { quality: { ...judge(loss, jitterMs, delayMs), loss, jitterMs, delayMs, codec }, totals };
}
