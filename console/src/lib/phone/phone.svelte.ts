import { session } from '../session.svelte';
import type { Engine } from './engine';
import { Ringer } from './ringer';
import { nothing, type PhoneCall, type PhoneView, type Wish } from './types';

/** What tabs tell each other. */
type Word = { view: PhoneView } | { wish: Wish } | { hello: true };

/** Of the lock and of what tabs tell each other: each person's own, should two share a browser. */
const nameOfPhone = () => `alto.phone.${session.current!.user.id}`;

/**
 * The person's phone, in each tab. One tab has it (the one that holds the Web Lock): it registers, rings and makes the
 * sound. The others show the same, and what is wanted in them is done there. When that tab is closed, the next one gets
 * the lock, and so the phone; any other can take it over while nobody speaks (record 032).
 */
class Phone {
  view = $state.raw<PhoneView>(nothing);
  /** This tab has the phone. */
  here = $state(false);
  #engine: Engine | undefined;
  #channel: BroadcastChannel | undefined;
  #give: (() => void) | undefined;
  #waiting: AbortController | undefined;
  readonly #ringer = new Ringer();

  get calls(): PhoneCall[] {
    return this.view.calls;
  }
  get ringing(): PhoneCall[] {
    return this.calls.filter((call) => call.incoming && call.state === 'ringing');
  }
  get running(): PhoneCall[] {
    return this.calls.filter((call) => !(call.incoming && call.state === 'ringing'));
  }
  get busy(): boolean {
    return this.calls.some((call) => call.state !== 'over');
  }

  /** Once somebody has logged in. */
  start() {
    if (this.#channel) return;
    const channel = new BroadcastChannel(nameOfPhone());
    channel.onmessage = ({ data }: MessageEvent<Word>) => this.#heard(data);
    this.#channel = channel;
    channel.postMessage({ hello: true } satisfies Word);
    void this.#queue(false);
  }

  stop() {
    if (!this.#channel) return;
    this.#waiting?.abort();
    this.#drop();
    this.#channel.close();
    this.#channel = undefined;
    this.#show(nothing);
  }

  wish(wish: Wish) {
    if (this.#engine) this.#engine.wish(wish);
    else this.#channel?.postMessage({ wish } satisfies Word);
  }

  call(number: string, name = '') {
    const wanted = number.replace(/[\s().-]/g, '');
    if (wanted) this.wish({ do: 'call', number: wanted, name });
  }

  /** Registers here from now on; the tab that had it lets go. */
  takeOver() {
    this.#waiting?.abort();
    void this.#queue(true);
  }

  async #queue(steal: boolean) {
    const { Engine } = await import('./engine');
    if (!this.#channel) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    try {
      await navigator.locks.request(nameOfPhone(), steal ? { steal } : { signal: waiting.signal }, () =>
        this.#have(Engine),
      );
    } catch {
      // Given up by stop() or takeOver(), or taken by another tab: then this one waits for its turn again.
      if (!this.here) return;
      this.#drop();
      void this.#queue(false);
    }
  }

  /** Has the phone until somebody takes it, or the person leaves. */
  #have(Of: typeof Engine): Promise<void> {
    this.here = true;
    this.#engine = new Of((view) => {
      this.#show(view);
      this.#channel?.postMessage({ view } satisfies Word);
    });
    return new Promise((give) => (this.#give = give));
  }

  #drop() {
    this.here = false;
    this.#engine?.stop();
    this.#engine = undefined;
    this.#give?.();
    this.#give = undefined;
  }

  #heard(word: Word) {
    if ('view' in word && !this.here) this.#show(word.view);
    else if ('wish' in word) this.#engine?.wish(word.wish);
    else if ('hello' in word && this.#engine) this.#channel!.postMessage({ view: this.view } satisfies Word);
  }

  #show(view: PhoneView) {
    this.view = view;
    this.#ringer.show(view.calls, this.here);
  }
}

export const phone = new Phone();
