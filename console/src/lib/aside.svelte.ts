const KEY = 'alto.aside';

/** More than anybody puts away; the oldest go first. */
const MOST = 200;

/** What somebody has put away on this device, by what it is about. */
class Aside {
  #put = $state.raw((localStorage.getItem(KEY) ?? '').split('\n'));

  has(about: string | undefined): boolean {
    return about !== undefined && this.#put.includes(about);
  }

  put(about: string) {
    this.#put = [...this.#put, about].slice(-MOST);
    localStorage.setItem(KEY, this.#put.join('\n'));
  }
}

export const aside = new Aside();
