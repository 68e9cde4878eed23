import { api, type Schema } from '../../lib/api/client';
import { Edit } from '../../lib/edit.svelte';

export type TenantDraft = { name: string; domain: string; lines: string };

export const emptyTenant: TenantDraft = { name: '', domain: '', lines: '' };

/** No lines typed: no limit. What is no number goes as it is, for the server to refuse. */
export function bodyOf({ lines, ...others }: Partial<TenantDraft>): object {
  return lines === undefined ? others : { ...others, lines: /^\d*$/.test(lines) ? Number(lines) : lines };
}

export const tenantEdit = () =>
  new Edit<Schema<'Tenant'>, TenantDraft>(['name', 'domain', 'lines'], {
    draftOf: ({ name, domain, lines }) => ({ name, domain, lines: lines ? String(lines) : '' }),
    send: (path, changed, _, tag) => api.change('PATCH', path, bodyOf(changed), tag),
  });
