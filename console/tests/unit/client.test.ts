import { afterEach, expect, test, vi } from 'vitest';
import { api } from '../../src/lib/api/client';

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
