import { api, type Schema } from '../../lib/api/client';
import { Edit } from '../../lib/edit.svelte';
import { session } from '../../lib/session.svelte';

export type Issuer = Schema<'Issuer'>;
export type IssuerDraft = {
  name: string;
  url: string;
  client_id: string;
  client_secret: string;
  claim: string;
  mail_domain: string;
  passwords: string;
  state: string;
};

export const FIELDS = [
  'name',
  'url',
  'client_id',
  'client_secret',
  'claim',
  'mail_domain',
  'passwords',
  'state',
] as const;

export const emptyIssuer = (): IssuerDraft => ({
  name: '',
  url: 'https://',
  client_id: '',
  client_secret: '',
  claim: 'email',
  mail_domain: session.current?.domain ?? '',
  passwords: 'on',
  state: 'on',
});

/** What the company's sign-in sends browsers back to. */
export const redirect = () => `${location.origin}/sign-in/${session.current?.tenant_id}`;

/** The secret is never shown: an empty one is the one that is set. */
export const issuerEdit = () =>
  new Edit<Issuer, IssuerDraft>([...FIELDS], {
    draftOf: ({ name, url, client_id, claim, mail_domain, passwords, state }) => ({
      ...{ name, url, client_id, claim, mail_domain, passwords, state },
      client_secret: '',
    }),
    send: (path, { client_secret, ...changed }, _, tag) =>
      api.change<Issuer>('PATCH', path, { ...changed, ...(client_secret ? { client_secret } : {}) }, tag),
  });
