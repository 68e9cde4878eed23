import { api, csrfToken, Problem, setCsrf, whenSignedOut, type Schema } from './api/client';
import { backoff } from './backoff';
import { live } from './live.svelte';
import { asking } from './ui/ask.svelte';
import { toasts } from './ui/toast.svelte';

type Role = Schema<'Role'>;
export type Session = Schema<'Session'>;

/** Or as soon as there is a network again. */
function later(ms: number): Promise<void> {
  return new Promise((now) => {
    const come = () => {
      clearTimeout(timer);
      removeEventListener('online', come);
      now();
    };
    const timer = setTimeout(come, ms);
    addEventListener('online', come);
  });
}

/** Who is at the keyboard, and what the pages may offer them. What they may do, the server decides. */
class SessionState {
  current = $state.raw<Session | null>();
  /** Who has logged in in another tab, in the place of the person whose tab this was. */
  successor = $state.raw<Session>();
  /** What the server has not answered yet: is there a session, or that it is to end. */
  waiting = $state<'begin' | 'end'>();
  /** The company whose pages are shown; the provider chooses one, and undefined is all of them. */
  tenant = $state<string>();

  get role(): Role {
    return this.current?.user.role ?? 'user';
  }
  get isProvider() {
    return this.role === 'provider';
  }
  get manages() {
    return this.role === 'admin' || this.role === 'provider';
  }
  /** Reads the audit trail, and what of the company only who looks after it sees. */
  get audits() {
    return this.manages || this.role === 'auditor';
  }
  /** Of the whole company, not only one's own. */
  get seesAllCalls() {
    return this.manages || this.role === 'supervisor';
  }
  get seesCalls() {
    return this.role !== 'auditor';
  }

  /** Tells the browser's other tabs that its one session is another now. */
  readonly #tabs = new BroadcastChannel('alto.session');

  constructor() {
    whenSignedOut(() => this.#set(null));
    live.whenLost = () => void this.#look();
    this.#tabs.onmessage = () => void this.#look();
  }

  /** Is it over, or another? The same person's goes on; nothing is shown or done here under another's name. */
  async #look() {
    const now = await api.get<Session>('/session').catch(() => undefined);
    if (!now) return;
    const other = this.current && this.current.user.id !== now.user.id;
    if (other) this.#set(null);
    // Its cookie goes with all that is sent from here, and so must its token: with a log-in in its place, too.
    setCsrf(now.csrf);
    if (other || this.successor) this.successor = now;
  }

  #set(session: Session | null) {
    setCsrf(session?.csrf);
    this.tenant = session && session.user.role !== 'provider' ? session.user.tenant : undefined;
    this.current = session;
    this.successor = undefined;
    if (session) live.start();
    else {
      live.stop();
      toasts.clear();
      asking.answer(false);
    }
  }

  /** At the start: is there a session already? Only the server knows. */
  async find() {
    await this.#ask('begin', async () => this.#set(await api.get<Session>('/session')));
  }

  /** Until the server has answered; that there is no session, onSignedOut has seen to. */
  async #ask(what: 'begin' | 'end', ask: () => Promise<void>) {
    this.waiting = what;
    for (let tries = 0; ; tries++) {
      try {
        await ask();
        break;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.code === 'no-login') break;
        await later(backoff(tries));
      }
    }
    this.waiting = undefined;
  }

  #begun(session: Session) {
    this.#set(session);
    this.#tabs.postMessage('begun');
  }

  async begin(login: string, password: string, code?: string) {
    this.#begun(await api.post<Session>('/session', { login, password, ...(code ? { code } : {}) }));
  }

  /** With a passkey; the password beside it if it has not asked who its owner is. */
  async beginWith(passkey: Schema<'PasskeyLoginNew'>, password?: string) {
    this.#begun(
      await api.post<Session>('/session/passkey', { ...passkey, ...(password ? { password } : {}) }),
    );
  }

  /** With what came back from the company's own sign-in. */
  async beginFrom(elsewhere: Schema<'OpenidLoginNew'>) {
    this.#begun(await api.post<Session>('/session/openid', elsewhere));
  }

  /** All that is shown goes at once. The cookie is the server's alone to take back, so it is told until it hears. */
  async end() {
    const csrf = csrfToken();
    await this.#ask('end', async () => {
      setCsrf(csrf);
      const over = api.delete('/session');
      this.#set(null);
      await over.catch((error) => {
        // The cookie is another session's by now, begun in another tab.
        if (error instanceof Problem && error.status === 403) return this.find();
        throw error;
      });
    });
    // A tab whose session is an older one has a stream and a phone that do not end with this one.
    this.#tabs.postMessage('ended');
  }
}

export const session = new SessionState();
