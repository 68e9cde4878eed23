import { t } from '../i18n/index.svelte';
import type { PhoneCall } from './types';

/** What a call is doing, in words. */
export function callState(call: PhoneCall): string {
  if (call.state === 'over') return call.cause ? t(`phone.cause.${call.cause}`) : t('phone.over');
  if (call.state === 'dialling') return t('phone.dialling');
  if (call.state === 'ringing') return call.incoming ? t('phone.incoming') : t('phone.alerting');
  if (call.lost) return t('phone.way');
  if (call.held) return t('phone.held');
  return call.muted ? t('phone.muted') : t('phone.speaking');
}
