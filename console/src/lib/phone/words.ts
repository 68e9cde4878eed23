import { t } from '../i18n/index.svelte';
import type { PhoneCall } from './types';

/** What of the chosen sound is gone, in words. */
export function soundGone(call: PhoneCall): string[] {
  if (call.state !== 'speaking') return [];
  return [
    ...(call.microphone ? [t(`phone.microphone.${call.microphone}`)] : []),
    ...(call.speaker ? [t(`phone.speaker.${call.speaker}`)] : []),
  ];
}

/** What a call is doing, in words. */
export function callState(call: PhoneCall): string {
  if (call.state === 'over') return call.cause ? t(`phone.cause.${call.cause}`) : t('phone.over');
  if (call.state === 'dialling') return t('phone.dialling');
  if (call.state === 'ringing') return call.incoming ? t('phone.incoming') : t('phone.alerting');
  if (call.lost) return t('phone.way');
  if (call.held) return t('phone.held');
  return call.muted ? t('phone.muted') : t('phone.speaking');
}
