import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Cursor, Found } from '../../src/lib/find';
import { live } from '../../src/lib/live.svelte';
import { Searched } from '../../src/lib/search.svelte';
import { inEffects } from './effects.svelte';
import { sockets, type Socket } from './socket';

const PAGE = 50;
type Row = { id: string };

describe('a search', () => {
  let rows: Row[];
  let socket: Socket;
  let found: Searched<Row>;
  let end: () => void;
  const add = (n: number) => {
    for (let i = 0; i < n; i++) rows.unshift({ id: String(rows.length).padStart(5, '0') });
  };
  const look = async (cursor?: Cursor): Promise<Found<Row>> => {
    const items = rows.filter((row) => !cursor || row.id < cursor).slice(0, PAGE);
    return { items, cursor: items.length === PAGE ? items.at(-1)!.id : null };
  };
  const settled = () => vi.advanceTimersByTimeAsync(1000);
  const hears = async () => {
    socket.tell('call');
    await settled();
  };
  const readOn = async () => {
    found.goOn();
    await settled();
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    const all = sockets();
    live.start();
    socket = all[0]!;
    rows = [];
    add(300);
    end = inEffects(() => {
      found = new Searched<Row>(['call'], look);
    });
    flushSync();
    await settled();
  });
  afterEach(() => {
    end();
    live.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('keeps what was read beyond its first page when something happens', async () => {
    await readOn();
    await readOn();
    expect(found.items).toEqual(rows.slice(0, 150));
    add(3);
    await hears();
    expect(found.items).toEqual(rows.slice(0, 153));
    await readOn();
    expect(found.items).toEqual(rows.slice(0, 203));
  });

  it('shows what a row of its first page has become', async () => {
    await readOn();
    rows[0] = { ...rows[0]!, ended: true } as Row;
    await hears();
    expect(found.items).toEqual(rows.slice(0, 100));
  });

  it('reads on to what it had where more came than fits a page', async () => {
    await readOn();
    add(120);
    await hears();
    expect(found.items).toEqual(rows.slice(0, 220));
  });

  it('has no hole where far more came: there is more to read', async () => {
    await readOn();
    add(1000);
    await hears();
    expect(found.items).toEqual(rows.slice(0, 200));
    await readOn();
    expect(found.items).toEqual(rows.slice(0, 250));
  });

  it('loses nothing that is read on while something happens', async () => {
    await readOn();
    add(2);
    found.goOn();
    await hears();
    expect(found.items).toEqual(rows.slice(0, 152));
  });

  it('ends where there is no more', async () => {
    for (let page = 0; page < 6; page++) await readOn();
    expect(found.items).toEqual(rows);
    expect(found.cursor).toBe(null);
    add(1);
    await hears();
    expect(found.items).toEqual(rows);
    expect(found.cursor).toBe(null);
  });
});
