import { session } from './session.svelte';

/** What it is about: of which kind, and about whom or what it was when it was put away. */
export type About = { what: string; which: string };

const key = () => `alto.aside.${session.current?.user.id}`;

/** What somebody has put away on this device: of each kind the last. Names stay here as a number alone. */
class Aside {
  #changes = $state(0);

  has(about: About | undefined): boolean {
    return about !== undefined && this.#changes >= 0 && this.#read()[about.what] === mark(about.which);
  }

  put(about: About) {
    localStorage.setItem(key(), JSON.stringify({ ...this.#read(), [about.what]: mark(about.which) }));
    this.#changes++;
  }

  #read(): Record<string, number> {
    try {
      return JSON.parse(localStorage.getItem(key()) ?? '{}') as Record<string, number>;
    } catch {
      return {};
    }
  }
}

/** FNV-1a: whoever looks into a shared computer finds no names, and two thousand take no more room than one. */
function mark(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

export const aside = new Aside();
