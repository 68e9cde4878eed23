import type { components } from './schema';

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];
export type List<Item> = { items: Item[]; next: string | null };
type Query = Record<string, string | number | boolean | undefined>;

/** A refusal of the server as problem+json says it (RFC 9457), or `offline`: it was not reached. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;
  /** Whose rule for the field was broken: `User`. */
  readonly schema: string | undefined;

  constructor(status: number, code: string, detail: string, field?: string, schema?: string) {
    super(detail);
    this.status = status;
    this.code = code;
    this.field = field;
    this.schema = schema;
  }
}

let csrf: string | undefined;
let onSignedOut = () => {};

/** The session's token, which the server wants with every request that changes something. */
export function setCsrf(token: string | undefined) {
  csrf = token;
}

export function csrfToken(): string | undefined {
  return csrf;
}

/** Called when the server says that the session is over. */
export function whenSignedOut(run: () => void) {
  onSignedOut = run;
}

export function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `/api/v1${path}${text ? `?${text}` : ''}`;
}

/** A server that goes away in the middle of its answer was not reached either. */
async function reached<Thing>(coming: Promise<Thing>): Promise<Thing> {
  try {
    return await coming;
  } catch {
    throw new Problem(0, 'offline', 'The server was not reached.');
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  const body = await answer.json().catch(() => null);
  const { code = 'unknown', detail = answer.statusText, field, schema } = body ?? {};
  return new Problem(answer.status, code, detail, field, schema);
}

/** Something as it was read, with its ETag (RFC 9110 §8.8.3): a change names it, and counts only if nobody else was there. */
export type Tagged<Thing> = { thing: Thing; tag: string };

async function exchange<Answer>(
  method: string,
  url: string,
  body?: unknown,
  tag?: string,
): Promise<Tagged<Answer>> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (tag) headers['If-Match'] = tag;
  if (csrf && method !== 'GET') headers['X-CSRF-Token'] = csrf;
  const sent = body === undefined ? null : JSON.stringify(body);
  const answer = await reached(fetch(url, { method, headers, body: sent }));
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (problem.code === 'no-login') onSignedOut();
    throw problem;
  }
  const thing = answer.status === 204 ? (undefined as Answer) : await reached<Answer>(answer.json());
  return { thing, tag: answer.headers.get('ETag') ?? '' };
}

async function ask<Answer>(method: string, url: string, body?: unknown): Promise<Answer> {
  return (await exchange<Answer>(method, url, body)).thing;
}

export const api = {
  get: <Answer>(path: string, query?: Query) => ask<Answer>('GET', address(path, query)),
  post: <Answer>(path: string, body?: unknown) => ask<Answer>('POST', address(path), body),
  patch: <Answer>(path: string, body: unknown) => ask<Answer>('PATCH', address(path), body),
  put: <Answer>(path: string, body: unknown) => ask<Answer>('PUT', address(path), body),
  delete: (path: string, query?: Query) => ask<void>('DELETE', address(path, query)),
  read: <Answer>(path: string) => exchange<Answer>('GET', address(path)),
  change: <Answer>(method: 'PATCH' | 'PUT', path: string, body: unknown, tag: string) =>
    exchange<Answer>(method, address(path), body, tag),
};

/** Of one list: more than a large company has of anything, and 5 MiB of people. Where it is reached, List says so. */
export const MOST = 20_000;

/** Follows `next` until there is no more, or there are `most`. */
export async function all<Item>(path: string, query: Query = {}, most = MOST): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.get<List<Item>>(path, { limit: 1000, ...query, cursor });
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor && items.length < most);
  return items;
}
