import { UA } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from 'jssip/lib/UA';
import { api, Problem, type Schema } from '../api/client';
import { backoff } from '../backoff';
import { Socket } from './socket';
import { sound } from './sound.svelte';
import { Talk, type TalkUser } from './talk';
import { nothing, type Cause, type PhoneCall, type PhoneState, type PhoneView, type Wish } from './types';

type Account = Schema<'Phone'>;

/** A registration lasts as long as the server lets it without outbound (REGISTER_EXPIRES_CONNECTION_S there). */
const REGISTER_S = 300;
/** So much of an account's time passes before it is renewed: a try that fails can be repeated. */
const RENEW_AFTER = 0.6;
/** How long the end of a call, and why, stands there. */
const OVER_MS = 4000;
/** The phone may be asked for at most so many calls at once: one speaks, the others wait. */
const CALLS_MAX = 4;
const INSTANCE = 'alto.phone.instance';
/** The user name of this tab's account: of its session alone, so the server gives it to nobody else. */
const ACCOUNT = 'alto.phone.account';

/** Names this tab to the registrar (RFC 5626 §4.1); after a reload it and the account are the same: it takes its old place. */
function instance(): string {
  const known = sessionStorage.getItem(INSTANCE);
  if (known) return known;
  const made = crypto.randomUUID();
  sessionStorage.setItem(INSTANCE, made);
  return made;
}

function begun(id: string, name: string, number: string, incoming: boolean): PhoneCall {
  return {
    id,
    name: name || number,
    number,
    incoming,
    state: incoming ? 'ringing' : 'dialling',
    since: Date.now(),
    muted: false,
    held: false,
    lost: false,
    early: false,
    digits: '',
  };
}

/** The phone itself, in the one tab that has it: account, registration, calls. */
export class Engine implements TalkUser {
  readonly #show: (view: PhoneView) => void;
  #state: PhoneState = 'starting';
  #talks: Talk[] = [];
  /** Calls that could not begin, as long as that is shown. */
  #failed: PhoneCall[] = [];
  #account: Account | undefined;
  #ua: UA | undefined;
  #socket: Socket | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(show: (view: PhoneView) => void) {
    this.#show = show;
    sound.changed = () => this.#talks.forEach((talk) => talk.useSound());
    sound.plugged = () => this.#talks.forEach((talk) => talk.plugged());
    addEventListener('pagehide', this.#leave);
    addEventListener('beforeunload', this.#ask);
    this.changed();
    void this.#renew();
  }

  /** Hangs up and says good-bye to the registrar; nothing is heard of it afterwards. */
  stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    removeEventListener('pagehide', this.#leave);
    removeEventListener('beforeunload', this.#ask);
    sound.changed = sound.plugged = () => {};
    this.#ua?.stop();
    this.#show(nothing);
  }

  changed() {
    if (this.#stopped) return;
    const calls = [...this.#talks.map((talk) => talk.view), ...this.#failed];
    this.#show({ state: this.#state, calls });
  }

  ready() {
    return this.#socket?.isConnected() ?? false;
  }

  look() {
    this.#socket?.check();
  }

  wish(wish: Wish) {
    if (wish.do === 'call') {
      void this.#call(wish.number, wish.name);
      return;
    }
    const talk = this.#talks.find((one) => one.view.id === wish.id);
    if (!talk || talk.view.state === 'over') return;
    if (wish.do === 'mute') talk.mute(wish.on);
    else if (wish.do === 'press') talk.press(wish.key);
    else if (wish.do === 'answer') void this.#answer(talk);
    else if (wish.do === 'end') talk.end();
    else if (wish.do === 'hold') talk.hold(true);
    else this.#alone(talk);
  }

  /* ---- account and registration ---- */

  /** A new account, or more time for the one that we have. */
  async #renew() {
    clearTimeout(this.#timer);
    try {
      const username = sessionStorage.getItem(ACCOUNT) ?? undefined;
      this.#account = await api.post<Account>('/session/phone', { username });
      sessionStorage.setItem(ACCOUNT, this.#account.username);
      if (this.#stopped) return;
      const left = Date.parse(this.#account.expires_at) - Date.now();
      this.#timer = setTimeout(() => void this.#renew(), Math.max(1000, left * RENEW_AFTER));
      if (this.#ua) this.#use(this.#account);
      else this.#start(this.#account);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (this.#stopped || error.code === 'no-login') return;
      if (error.status === 403 || error.status === 404) this.#set('refused');
      else {
        if (error.code === 'busy') this.#set('full');
        this.#later();
      }
    }
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(), backoff(this.#attempt++));
  }

  #use({ username, password }: Account) {
    const ua = this.#ua!;
    const other = ua.get('authorization_user') !== username || ua.get('password') !== password;
    ua.set('authorization_user', username);
    ua.set('password', password);
    if (ua.isConnected() && (other || !ua.isRegistered())) ua.register();
  }

  #start(account: Account) {
    this.#socket = new Socket(new URL(account.websocket, `wss://${location.host}`).href);
    this.#socket.onalive = () => this.#talks.forEach((talk) => talk.back());
    const ua = new UA({
      sockets: this.#socket as never,
      uri: account.aor,
      authorization_user: account.username,
      password: account.password,
      display_name: account.display_name,
      instance_id: instance(),
      register_expires: REGISTER_S,
      // Alto looks after the sessions; a refresh of ours that meets a lost network would end the call.
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 2,
      user_agent: 'Alto console',
    });
    this.#ua = ua;
    ua.on('registered', () => {
      this.#attempt = 0;
      this.#set('ready');
      this.#talks.forEach((talk) => talk.back());
    });
    ua.on('unregistered', () => this.#set('lost'));
    ua.on('disconnected', () => {
      if (this.#stopped) this.#socket!.done();
      this.#set('lost');
    });
    ua.on('registrationFailed', () => {
      this.#set('lost');
      // The server may have been started anew, and know nothing of the account.
      if (ua.isConnected()) this.#later();
    });
    ua.on('newRTCSession', (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => {
      if (event.originator === 'remote') this.#rings(event.session);
    });
    ua.start();
  }

  #set(state: PhoneState) {
    if (this.#stopped || this.#state === state) return;
    this.#state = state;
    this.changed();
  }

  /* ---- calls ---- */

  #rings(session: RTCSession) {
    if (this.#talks.filter((talk) => talk.view.state !== 'over').length >= CALLS_MAX) {
      session.terminate({ status_code: 486 });
      return;
    }
    const { display_name: name, uri } = session.remote_identity;
    this.#add(session, name, uri.user, true);
  }

  async #call(number: string, name: string) {
    if (!this.ready()) return;
    const microphone = await sound.open().catch(() => undefined);
    if (!microphone) {
      this.#cannot(name, number, 'microphone');
      return;
    }
    const session = this.#begin(number, microphone);
    if (!session) {
      for (const track of microphone.getTracks()) track.stop();
      this.#cannot(name, number, 'no-such-number');
      return;
    }
    this.#holdOthers();
    this.#add(session, name, number, false).speakInto(microphone);
  }

  /** Undefined: what was typed makes no URI for JsSIP ("50%" is half an escape to it), so nobody has it. */
  #begin(number: string, mediaStream: MediaStream): RTCSession | undefined {
    try {
      return this.#ua!.call(number, { mediaStream, pcConfig: this.#pcConfig() });
    } catch {
      return undefined;
    }
  }

  /** It could not begin, which is shown for a while. */
  #cannot(name: string, number: string, cause: Cause) {
    const failed = { ...begun(crypto.randomUUID(), name, number, false), state: 'over', cause } as const;
    this.#failed = [...this.#failed, failed];
    this.#forget(() => (this.#failed = this.#failed.filter((one) => one !== failed)));
  }

  async #answer(talk: Talk) {
    try {
      await talk.answer(this.#pcConfig());
      this.#holdOthers(talk);
    } catch {
      talk.end('microphone');
    }
  }

  /** This one speaks, the others wait. */
  #alone(talk: Talk) {
    this.#holdOthers(talk);
    talk.hold(false);
  }

  #holdOthers(but?: Talk) {
    for (const talk of this.#talks)
      if (talk !== but && talk.view.state === 'speaking' && !talk.view.held) talk.hold(true);
  }

  #add(session: RTCSession, name: string, number: string, incoming: boolean): Talk {
    const talk = new Talk(session, begun(session.id, name, number, incoming), this);
    this.#talks = [...this.#talks, talk];
    for (const over of ['ended', 'failed'] as const)
      session.on(over, () => this.#forget(() => (this.#talks = this.#talks.filter((one) => one !== talk))));
    this.changed();
    return talk;
  }

  /** What is over stands there a little longer. */
  #forget(forget: () => void) {
    this.changed();
    setTimeout(() => {
      forget();
      this.changed();
    }, OVER_MS);
  }

  #pcConfig(): RTCConfiguration {
    return { iceServers: this.#account!.ice_servers, bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' };
  }

  /* ---- the page goes ---- */

  /**
   * The other side hears the end at once: nothing can take the call up again after a reload (record 032). What only
   * rings here is left alone, to ring again after it. No good-bye to the registrar: nobody would be here to answer its
   * challenge, and the end of the connection says it.
   */
  #leave = () => {
    for (const talk of this.#talks) if (!talk.view.incoming || talk.view.state !== 'ringing') talk.end();
  };

  #ask = (event: BeforeUnloadEvent) => {
    if (this.#talks.some((talk) => talk.view.state === 'speaking')) event.preventDefault();
  };
}
