type Toast = { id: number; text: string; undo?: (() => void) | undefined };

const SHOWN_MS = 8000;

class Toasts {
  all = $state.raw<Toast[]>([]);
  #last = 0;

  /** Says that something was done, with a way back where there is one. */
  say(text: string, undo?: () => void) {
    const id = ++this.#last;
    this.all = [...this.all.slice(-2), { id, text, undo }];
    setTimeout(() => this.drop(id), SHOWN_MS);
  }

  drop(id: number) {
    this.all = this.all.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
