import type { Schema } from './api/client';
import { backoff } from './backoff';

/** What changed, as the server tells it. */
export type Change = Omit<Schema<'Event'>, 'seq'>;
type Listener = (change: Change) => void;

/** Every page's one WebSocket. After a loss it comes back by itself, and all that is shown is read anew. */
class Live {
  state = $state<'off' | 'on' | 'lost'>('off');
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #listeners = new Set<Listener>();
  /** Called after each loss: it may have been the end of the session. */
  whenLost = () => {};

  constructor() {
    addEventListener('online', () => this.#now());
    document.addEventListener(
      'visibilitychange',
      () => document.visibilityState === 'visible' && this.#now(),
    );
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start() {
    if (!this.#socket) this.#connect();
  }

  stop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    this.state = 'off';
    this.#attempt = 0;
    socket?.close();
  }

  #now() {
    if (this.state !== 'lost') return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect() {
    const socket = new WebSocket(`wss://${location.host}/api/v1/events`);
    this.#socket = socket;
    socket.onopen = () => {
      const again = this.state === 'lost';
      this.state = 'on';
      this.#attempt = 0;
      if (again) this.#tell({ kind: 'resync' });
    };
    socket.onmessage = (event) => this.#tell(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.state = 'lost';
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#connect(), backoff(this.#attempt++));
      this.whenLost();
    };
  }

  #tell(change: Change) {
    for (const listener of this.#listeners) listener(change);
  }
}

export const live = new Live();
