import type { Schema } from '../../lib/api/client';
import { Edit } from '../../lib/edit.svelte';

export type Webhook = Schema<'Webhook'>;
export type WebhookDraft = { name: string; url: string; events: string };

/** In the order in which the API writes them. */
const CALLS = ['call.started', 'call.answered', 'call.ended'];
export const KINDS = [...CALLS, 'message.delivered', 'message.failed'];
export const FIELDS = ['name', 'url', 'events'] as const;
export const emptyWebhook: WebhookDraft = { name: '', url: 'https://', events: CALLS.join(',') };

export const webhookEdit = () =>
  new Edit<Webhook, WebhookDraft>([...FIELDS], {
    draftOf: ({ name, url, events }) => ({ name, url, events }),
  });
