import { api, type Schema } from '../../lib/api/client';
import { Edit } from '../../lib/edit.svelte';
import { t } from '../../lib/i18n/index.svelte';
import { toasts } from '../../lib/ui/toast.svelte';

export type Trunk = Schema<'Trunk'>;
export type TrunkDraft = {
  tenant: string;
  name: string;
  host: string;
  from: string;
  listener: string;
  transport: string;
  srtp: string;
};

export const FIELDS = ['tenant', 'name', 'host', 'from', 'listener', 'transport', 'srtp'] as const;
export const emptyTrunk: TrunkDraft = {
  tenant: '',
  name: '',
  host: '',
  from: '',
  listener: '',
  transport: 'tls',
  srtp: 'sdes',
};

/** As the API takes it: a host with its port, an address of IPv6 in brackets. */
export function hostOf({ host, port }: Pick<Trunk, 'host' | 'port'>): string {
  if (!port) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export const draftOf = (trunk: Trunk): TrunkDraft => ({
  tenant: trunk.tenant ?? '',
  name: trunk.name,
  host: hostOf(trunk),
  from: trunk.from,
  listener: trunk.listener ?? '',
  transport: trunk.transport,
  srtp: trunk.srtp,
});

/** What is empty is not given. */
export function bodyOf(draft: TrunkDraft): Record<string, string> {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== ''));
}

/** Whole, since only then a listener can be taken away. */
export const trunkEdit = () =>
  new Edit<Trunk, TrunkDraft>([...FIELDS], {
    draftOf,
    send: (path, _, whole, tag) => api.change<Trunk>('PUT', path, bodyOf(whole), tag),
  });

/** It comes back with the id that it had. */
export async function removeTrunk(trunk: Trunk, changed: () => void) {
  await api.delete(`/trunks/${trunk.id}`);
  toasts.say(t('trunk.removed', { name: trunk.name }), async () => {
    await api.put(`/trunks/${trunk.id}`, bodyOf(draftOf(trunk)));
    changed();
  });
  changed();
}
