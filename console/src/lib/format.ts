import { i18n } from './i18n/index.svelte';

export function clock(time: string, second?: '2-digit'): string {
  return new Date(time).toLocaleTimeString(i18n.locale, { hour: '2-digit', minute: '2-digit', second });
}

/** With its year, where that is not this one. */
export function day(time: string): string {
  const at = new Date(time);
  const year = at.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  return at.toLocaleDateString(i18n.locale, { weekday: 'short', day: 'numeric', month: 'short', year });
}

export function moment(time: string): string {
  return `${day(time)}, ${clock(time)}`;
}

/** To the second, for what is proof of something. */
export function instant(time: string): string {
  return `${day(time)}, ${clock(time, '2-digit')}`;
}

export function date(time: string): string {
  return new Date(time).toLocaleDateString(i18n.locale, { day: 'numeric', month: 'long', year: 'numeric' });
}

/** 4:05, or 1:02:05 */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "Anna Nowak" → "AN" */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = words[0] ?? '';
  const last = words.length > 1 ? (words.at(-1) ?? '') : '';
  return [first, last]
    .map((w) => [...w][0] ?? '')
    .join('')
    .toLocaleUpperCase();
}
