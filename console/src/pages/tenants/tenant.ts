import { api, type Schema } from '../../lib/api/client';
import { Edit } from '../../lib/edit.svelte';

export type TenantDraft = { name: string; domain: string; lines_bought: string };

export const emptyTenant: TenantDraft = { name: '', domain: '', lines_bought: '' };

/** No lines typed: no bound. What is no number goes as it is, for the server to refuse. */
export function bodyOf({ lines_bought: bought, ...others }: Partial<TenantDraft>): object {
  if (bought === undefined) return others;
  return { ...others, lines_bought: /^\d*$/.test(bought) ? Number(bought) : bought };
}

export const tenantEdit = () =>
  new Edit<Schema<'Tenant'>, TenantDraft>(['name', 'domain', 'lines_bought'], {
    draftOf: ({ name, domain, lines_bought: bought }) => ({
      name,
      domain,
      lines_bought: bought ? String(bought) : '',
    }),
    send: (path, changed, _, tag) => api.change('PATCH', path, bodyOf(changed), tag),
  });
