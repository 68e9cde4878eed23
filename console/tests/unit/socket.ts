import { vi } from 'vitest';

/** The event stream as a page sees it, whose other end a test has. */
export class Socket {
  onopen = () => {};
  onclose = () => {};
  onmessage: (event: { data: string }) => void = () => {};
  closed = false;

  close() {
    this.closed = true;
    this.onclose();
  }
  tell(kind: string, more = {}) {
    this.onmessage({ data: JSON.stringify({ kind, seq: 1, ...more }) });
  }
}

/** All that the page opens from now on, the newest last. */
export function sockets(): Socket[] {
  const all: Socket[] = [];
  vi.stubGlobal(
    'WebSocket',
    class extends Socket {
      constructor() {
        super();
        all.push(this);
      }
    },
  );
  return all;
}
