import { api, type List } from './api/client';

/** Rows that a page shows at a time. */
const PAGE = 50;
/** Pages asked for in one go: each may have looked at 20,000 rows and found nothing. */
const AT_ONCE = 10;

/** What a search has found so far, and from where it can go on; cursor null: it has seen all. */
export type Found<Item> = { items: Item[]; cursor: string | null };
export type Cursor = string | null | undefined;

/** The newest rows at this path that are wanted, a page or so of them; goes on from `cursor`. */
export async function find<Item>(
  path: string,
  wanted: Record<string, string | boolean | undefined>,
  cursor?: Cursor,
): Promise<Found<Item>> {
  const items: Item[] = [];
  for (let asked = 0; asked < AT_ONCE && items.length < PAGE && cursor !== null; asked++) {
    const page: List<Item> = await api.get(path, { ...wanted, limit: PAGE, cursor });
    items.push(...page.items);
    cursor = page.next;
  }
  return { items, cursor: cursor ?? null };
}
