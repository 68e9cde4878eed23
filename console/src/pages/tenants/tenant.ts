import { api, type Schema } from '../../lib/api/client';
import { Edit } from '../../lib/edit.svelte';
import { numberTyped } from '../../lib/ui/form.svelte';

export type TenantDraft = { name: string; domain: string; lines_bought: string };

export const emptyTenant: TenantDraft = { name: '', domain: '', lines_bought: '' };

/** No lines typed: no bound. */
export function bodyOf({ lines_bought: bought, ...others }: Partial<TenantDraft>): object {
  if (bought === undefined) return others;
  return { ...others, lines_bought: bought ? numberTyped(bought) : 0 };
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
