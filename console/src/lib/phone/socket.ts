import { backoff } from '../backoff';

/** JsSIP sends no keep-alives; routers forget a silent connection after less than a minute or so. */
const PING_MS = 25_000;
/** For the answer to a ping, before the connection is held to be dead (RFC 5626 §4.4.1). */
const PONG_MS = 10_000;
/** ... when the network seems to have changed: a call waits for it. */
const PONG_SOON_MS = 2_000;
const PING = '\r\n\r\n';

/**
 * The way of SIP messages (RFC 7118), as JsSIP wants it. It comes back by itself: to JsSIP, connecting lasts until it has
 * succeeded. A connection that no longer answers is given up and made anew.
 */
export class Socket {
  readonly url: string;
  readonly sip_uri: string;
  via_transport = 'WSS';
  onconnect = () => {};
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => {};
  ondata: (data: unknown) => void = () => {};
  /** The connection has answered a ping. */
  onalive = () => {};
  #socket: WebSocket | undefined;
  #wanted = false;
  #opened = false;
  #attempt = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setTimeout> | undefined;
  #pong: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string) {
    this.url = url;
    this.sip_uri = `sip:${new URL(url).host};transport=ws`;
    addEventListener('online', this.#changed);
  }

  connect() {
    this.#wanted = true;
    if (!this.#socket) this.#open();
  }

  disconnect() {
    this.#wanted = false;
    this.#drop();
  }

  /** Never to be used again. */
  done() {
    removeEventListener('online', this.#changed);
    this.disconnect();
  }

  isConnected() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  isConnecting() {
    return this.#wanted && !this.isConnected();
  }

  send(message: string | ArrayBufferLike | Blob | ArrayBufferView): boolean {
    if (!this.isConnected()) return false;
    this.#socket!.send(message as string);
    return true;
  }

  /** Something says that the network may be gone: onalive() soon, or the connection is given up and made anew. */
  check() {
    if (this.isConnected()) this.#ask(PONG_SOON_MS);
  }

  #open() {
    clearTimeout(this.#again);
    const socket = new WebSocket(this.url, 'sip');
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      this.#opened = true;
      this.#ping = setTimeout(() => this.#ask(PONG_MS), PING_MS);
      this.onconnect();
    };
    socket.onmessage = ({ data }) => {
      const asked = this.#pong !== undefined;
      clearTimeout(this.#pong);
      this.#pong = undefined;
      this.ondata(data);
      if (asked) this.onalive();
    };
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  #drop() {
    for (const timer of [this.#again, this.#ping, this.#pong]) clearTimeout(timer);
    this.#pong = undefined;
    this.#opened = false;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #closed(code?: number, reason?: string) {
    const opened = this.#opened;
    this.#drop();
    // After the first loss JsSIP asks to connect anew; until that has succeeded, it is ours.
    if (opened) this.ondisconnect(true, code, reason);
    else if (this.#wanted) this.#again = setTimeout(() => this.#open(), backoff(this.#attempt++));
  }

  #ask(patience: number) {
    clearTimeout(this.#ping);
    this.#ping = setTimeout(() => this.#ask(PONG_MS), PING_MS);
    this.send(PING);
    clearTimeout(this.#pong);
    this.#pong = setTimeout(() => this.#closed(), patience);
  }

  #changed = () => {
    if (this.isConnected()) this.check();
    else if (this.#wanted) {
      this.#drop();
      this.#open();
    }
  };
}
