import { Problem } from '../api/client';
import { tell } from '../problem';

type Toast = { id: number; text: string; undo?: (() => Promise<unknown>) | undefined };

const SHOWN_MS = 8000;

class Toasts {
  all = $state.raw<Toast[]>([]);
  #last = 0;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Says that something was done, with a way back where there is one. */
  say(text: string, undo?: () => Promise<unknown>) {
    const id = ++this.#last;
    this.all = [...this.all.slice(-1), { id, text, undo }];
    this.#start(id);
  }

  /** Takes back what a toast says was done; where the server refuses that, it is said. */
  async undo({ id, undo }: Toast) {
    this.drop(id);
    try {
      await undo?.();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.say(tell(error));
    }
  }

  drop(id: number) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.all = this.all.filter((toast) => toast.id !== id);
  }

  /** The next person at this browser neither reads nor undoes what this one did. */
  clear() {
    for (const { id } of this.all) this.drop(id);
  }

  /** None goes while somebody looks at it, or has the keyboard in it (WCAG 2.2.1). */
  pause() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  resume() {
    this.pause();
    for (const { id } of this.all) this.#start(id);
  }

  #start(id: number) {
    this.#timers.set(
      id,
      setTimeout(() => this.drop(id), SHOWN_MS),
    );
  }
}

export const toasts = new Toasts();
