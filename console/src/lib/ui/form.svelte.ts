import { Problem } from '../api/client';
import { tell } from '../problem';

/** What is typed where a number belongs. What is none goes as it is, for the server to refuse. */
export function numberTyped(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** One sending of a form: busy while it lasts, and what the server did not like stands at the field that it names. */
export class Sending {
  busy = $state(false);
  problem = $state.raw<Problem>();
  readonly #fields: readonly string[];

  /** fields: those that the form shows; a problem of any other is the whole form's. */
  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  error(field: string): string | undefined {
    return this.problem?.field === field ? tell(this.problem) : undefined;
  }

  get whole(): string | undefined {
    if (!this.problem || this.#fields.includes(this.problem.field ?? '')) return undefined;
    return tell(this.problem);
  }

  /** True if it went through. */
  async run(send: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = undefined;
    try {
      await send();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
