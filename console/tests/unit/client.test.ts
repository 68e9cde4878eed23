import { afterEach, expect, test, vi } from 'vitest';
import { all, api, MOST } from '../../src/lib/api/client';

afterEach(() => vi.unstubAllGlobals());

/** An answer whose body ends by this, after its head has come. */
function answers(end: (body: ReadableStreamDefaultController) => void) {
  vi.stubGlobal('fetch', async () => new Response(new ReadableStream({ start: end })));
}

test('a server that goes away in the middle of its answer was not reached', async () => {
  answers((body) => body.error(new TypeError('Failed to fetch')));
  await expect(api.get('/users')).rejects.toMatchObject({ status: 0, code: 'offline' });
});

test('nor was one that cannot be connected to', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(api.get('/users')).rejects.toMatchObject({ status: 0, code: 'offline' });
});

test('an answer is read', async () => {
  answers((body) => {
    body.enqueue(new TextEncoder().encode('{"items": []}'));
    body.close();
  });
  expect(await api.get('/users')).toEqual({ items: [] });
});

test('a list is read to its end, and where it has none to where the page says so', async () => {
  let there = 5105;
  vi.stubGlobal('fetch', async (url: string) => {
    const asked = new URL(url, 'https://alto.example').searchParams;
    const from = Number(asked.get('cursor') ?? 0);
    const to = Math.min(from + Number(asked.get('limit')), there);
    const items = Array.from({ length: to - from }, (_, n) => from + n);
    return Response.json({ items, next: to < there ? String(to) : null });
  });
  expect((await all('/users')).at(-1)).toBe(5104);
  there = 10 * MOST;
  expect(await all('/users')).toHaveLength(MOST);
});
