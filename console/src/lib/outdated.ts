const KEY = 'alto.reloaded';
/** Should that not have helped, it is for the person to try again. */
const ONCE_MS = 60_000;

/** May a page that lacks a part of itself load itself anew? True: once, and never while its person is in a call. */
export function mayReload(kept: Storage, now: number, speaking: boolean): boolean {
  if (speaking || now - Number(kept.getItem(KEY) ?? 0) < ONCE_MS) return false;
  kept.setItem(KEY, String(now));
  return true;
}
