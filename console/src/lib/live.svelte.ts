import { api, Problem, type Schema } from './api/client';
import { backoff } from './backoff';

/** What changed, as the server tells it. */
export type Change = Omit<Schema<'Event'>, 'seq'>;
type Listener = (change: Change) => void;

/**
 * Every page's one WebSocket, which comes back by itself after a loss. Whenever it opens, all that is shown is read
 * anew: nobody told what happened before, the first time neither.
 */
class Live {
  /** full: as many pages are open as there may be. */
  state = $state<'off' | 'on' | 'lost' | 'full'>('off');
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #listeners = new Set<Listener>();
  /** Called after each loss: it may have been the end of the session. */
  whenLost = () => {};

  constructor() {
    // There is another network: a try that is under way may be stuck in the one before.
    addEventListener('online', () => this.away && this.#connect());
    document.addEventListener(
      'visibilitychange',
      () => document.visibilityState === 'visible' && this.#timer !== undefined && this.#connect(),
    );
  }

  /** What is shown may be out of date. */
  get away() {
    return this.state === 'lost' || this.state === 'full';
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start() {
    if (!this.#socket) this.#connect();
  }

  stop() {
    this.#wait(undefined);
    const socket = this.#socket;
    this.#socket = undefined;
    this.state = 'off';
    this.#attempt = 0;
    socket?.close();
  }

  #wait(timer: ReturnType<typeof setTimeout> | undefined) {
    clearTimeout(this.#timer);
    this.#timer = timer;
  }

  #connect() {
    const before = this.#socket;
    const socket = new WebSocket(`wss://${location.host}/api/v1/events`);
    this.#socket = socket;
    this.#wait(undefined);
    before?.close();
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.state = 'on';
      this.#attempt = 0;
      this.#tell({ kind: 'resync' });
    };
    socket.onmessage = (event) => this.#socket === socket && this.#tell(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      const refused = this.state !== 'on';
      if (this.state !== 'full') this.state = 'lost';
      this.#wait(setTimeout(() => this.#connect(), backoff(this.#attempt++)));
      this.whenLost();
      if (refused) void this.#ask();
    };
  }

  /** A page is not told why its WebSocket was refused. */
  async #ask() {
    const problem: unknown = await api.get('/events').catch((error: unknown) => error);
    if (!(problem instanceof Problem) || !this.away) return;
    this.state = ['too-often', 'busy'].includes(problem.code) ? 'full' : 'lost';
  }

  #tell(change: Change) {
    for (const listener of this.#listeners) listener(change);
  }
}

export const live = new Live();
