import { expect, it } from 'vitest';
import { mayReload } from '../../src/lib/outdated';

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as Storage;
}

it('loads a page anew by itself once, and not again if that did not help', () => {
  const kept = storage();
  const now = Date.parse('2026-05-01');
  expect(mayReload(kept, now, false)).toBe(true);
  expect(mayReload(kept, now + 5000, false)).toBe(false);
  expect(mayReload(kept, now + 3_600_000, false)).toBe(true);
});

it('does not while somebody speaks', () => {
  const kept = storage();
  expect(mayReload(kept, 1e12, true)).toBe(false);
  expect(mayReload(kept, 1e12, false)).toBe(true);
});
