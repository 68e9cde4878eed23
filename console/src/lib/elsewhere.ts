import { api, Problem, type Schema } from './api/client';

export type Offer = Schema<'OpenidOffer'>;
/** What a browser brings back from its company's sign-in: for the server, or that it was refused there. */
export type Back = { given: Schema<'OpenidLoginNew'> } | { refused: true };

/** Of a login or domain that is not finished, or of a company that has none: no name. */
export async function offerFor(who: string): Promise<Offer | undefined> {
  if (!/[^@]\.[^@.]+$/.test(who)) return undefined;
  try {
    return await api.get<Offer>('/session/openid', { who });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return undefined; // the form is there all the same
  }
}

/** Leaves the page. */
export async function goElsewhere(login: string) {
  const { url } = await api.post<Schema<'OpenidWay'>>('/session/openid', { login });
  location.assign(url);
}

/** Once: a code is not left in the address, nor in the history. */
export function cameBack(): Back | undefined {
  const [, page, company] = location.pathname.split('/');
  if (page !== 'sign-in') return undefined;
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [code, state, issuer] = ['code', 'state', 'iss'].map((name) => fragment.get(name));
  if (!code && !fragment.has('error')) return undefined;
  history.replaceState(null, '', location.pathname);
  if (!code || !state || !company) return { refused: true };
  return { given: { company, code, state, ...(issuer ? { issuer } : {}) } };
}
