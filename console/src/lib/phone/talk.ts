import type { EndEvent, IncomingEvent, OutgoingEvent, RTCSession } from 'jssip/lib/RTCSession';
import { measure, type Totals } from './quality';
import { sound } from './sound.svelte';
import type { Cause, PhoneCall } from './types';

const FIGURES_MS = 2000;
/** How long voice may be without a way before the call is given up; the server's patience is the same (RFC 7675). */
const LOST_MS = 30_000;
/** So long after the answer voice has its way, even on a slow network; later it is missed. */
const WAY_MS = 5000;
/** A browser names its first address (RFC 8445 §5.1.1) at once; one on a computer without network waits for ever. */
const ADDRESS_MS = 5000;
/** ICE has found a way for voice. */
const HAS_WAY = new Set<RTCIceConnectionState>(['connected', 'completed']);
/** Between tries to do what has to wait for a re-INVITE under way. */
const RETRY_MS = 300;

/** What the other side's answer says, for a person. */
const CAUSES: Record<number, Cause> = {
  403: 'refused',
  404: 'no-such-number',
  408: 'no-answer',
  480: 'unreachable',
  484: 'no-such-number',
  486: 'busy',
  503: 'no-line',
  600: 'busy',
  603: 'declined',
  604: 'no-such-number',
};

/** Who has the call. */
export interface TalkUser {
  changed(): void;
  /** Is there a way to the server that messages can be sent on? JsSIP ends a call whose message finds none. */
  ready(): boolean;
  /** Voice has lost its way: back() is wanted as soon as the server answers. */
  look(): void;
}

/** One call: JsSIP's session, its voice, and what is told of it. Lives from its INVITE until a little after its end. */
export class Talk {
  readonly session: RTCSession;
  readonly #phone: TalkUser;
  readonly #audio = new Audio();
  #microphone: MediaStream | undefined;
  #totals: Totals | undefined;
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #wantsHold = false;
  #wantsWay = false;
  /** While voice has no way. */
  #gaveUp: ReturnType<typeof setTimeout> | undefined;
  view: PhoneCall;

  constructor(session: RTCSession, view: PhoneCall, phone: TalkUser) {
    this.session = session;
    this.view = view;
    this.#phone = phone;
    session.on('icecandidate', (event) => event.ready());
    session.on('progress', (event: IncomingEvent | OutgoingEvent) => {
      if ('response' in event && event.response)
        this.tell({ state: 'ringing', early: Boolean(event.response.body) });
    });
    session.on('accepted', () => this.#speaks());
    session.on('ended', ({ cause }) => this.#over(cause === 'Terminated' ? undefined : 'lost'));
    session.on('failed', (event: EndEvent) => this.#over(this.#why(event)));
    session.on('peerconnection', ({ peerconnection }) => this.#hear(peerconnection));
    if (session.connection) this.#hear(session.connection);
  }

  tell(news: Partial<PhoneCall>) {
    if (news.state && news.state !== this.view.state) news.since = Date.now();
    this.view = { ...this.view, ...news };
    this.#phone.changed();
  }

  async answer(pcConfig: RTCConfiguration) {
    const microphone = await sound.open();
    this.speakInto(microphone);
    if (!this.session.isEnded()) this.session.answer({ mediaStream: microphone, pcConfig });
  }

  /** The stream that the call is spoken into from now on; that before it is let go. */
  speakInto(microphone: MediaStream) {
    this.#release();
    this.#microphone = microphone;
    if (this.session.isEnded()) {
      this.#release();
      return;
    }
    // It is told of one that was unplugged, not of one that we stop.
    microphone.getAudioTracks()[0]!.addEventListener('ended', () => void this.#reopen());
    this.tell({ microphone: sound.isChosen(microphone) ? undefined : 'other' });
  }

  end(cause?: Cause) {
    if (cause) this.view = { ...this.view, cause };
    if (!this.session.isEnded())
      this.session.terminate(
        this.view.incoming && !this.session.isEstablished() ? { status_code: cause ? 480 : 603 } : {},
      );
  }

  mute(on: boolean) {
    if (on) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
    this.tell({ muted: on });
  }

  hold(on: boolean) {
    this.#wantsHold = on;
    this.tell({ held: on });
    this.#settle();
  }

  /** As a tone in the voice (RFC 4733), and by INFO where the other side takes none. */
  press(key: string) {
    const sender = this.session.connection.getSenders().find((s) => s.track?.kind === 'audio');
    const inVoice = sender?.dtmf?.canInsertDTMF;
    if (inVoice) sender.dtmf!.insertDTMF(sender.dtmf!.toneBuffer + key, 120, 70);
    else this.session.sendDTMF(key, { duration: 120 });
    this.tell({ digits: this.view.digits + key });
  }

  /** The server answers (again): what waited for that is done, and lost voice gets a new way (RFC 8445 §9). */
  back() {
    this.#wantsWay ||= this.view.lost && this.session.isEstablished();
    this.#settle();
  }

  /** Another microphone or speaker was chosen. */
  useSound() {
    void this.#play();
    void this.#reopen();
  }

  /** Something was plugged in or out: what was chosen may be gone, or there again. */
  plugged() {
    void this.#play();
    if (this.view.microphone) void this.#reopen();
  }

  async #play() {
    if (!this.#audio.srcObject) return;
    this.tell({ speaker: (await sound.route(this.#audio)) ? undefined : 'other' });
    await this.#audio.play().catch(() => undefined);
  }

  async #reopen() {
    const sender = this.session.connection?.getSenders().find((s) => s.track?.kind === 'audio');
    if (!sender || this.session.isEnded()) return;
    try {
      const microphone = await sound.open();
      const [track] = microphone.getAudioTracks();
      track!.enabled = sender.track!.enabled;
      this.speakInto(microphone);
      await sender.replaceTrack(track!);
    } catch {
      // The call goes on: the other side is still heard.
      if (!this.#microphone?.active) this.tell({ microphone: 'none' });
    }
  }

  /** Brings the session to what is wanted, one offer at a time. */
  #settle() {
    if (this.session.isEnded() || !this.#phone.ready()) return;
    const held = this.session.isOnHold().local;
    if (held === this.#wantsHold && !this.#wantsWay) return;
    const next = () => this.#settle();
    // iceRestart goes with the offer that is made; what fails here ends the call, which is JsSIP's rule.
    if (this.#wantsWay) {
      if (this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, next))
        this.#wantsWay = false;
      else this.#later(next, RETRY_MS);
    } else if (!(this.#wantsHold ? this.session.hold({}, next) : this.session.unhold({}, next)))
      this.#later(next, RETRY_MS);
  }

  #speaks() {
    this.tell({ state: 'speaking', early: false });
    // Where no pair of addresses is ever tried, ICE says nothing at all.
    this.#later(() => {
      if (!HAS_WAY.has(this.session.connection.iceConnectionState)) this.#lost();
    }, WAY_MS);
    void this.#count();
  }

  #hear(connection: RTCPeerConnection) {
    connection.addEventListener('track', ({ track, streams }) => {
      this.#audio.srcObject = streams[0] ?? new MediaStream([track]);
      void this.#play();
    });
    const nowhere = this.#later(() => {
      if (!this.session.isEstablished()) this.end('no-network');
    }, ADDRESS_MS);
    connection.addEventListener('icecandidate', ({ candidate }) => candidate && clearTimeout(nowhere));
    connection.addEventListener(
      'iceconnectionstatechange',
      (event) => {
        const state = connection.iceConnectionState;
        // JsSIP would hang up at once where ICE has failed; a new way may still be found.
        if (state === 'failed') event.stopImmediatePropagation();
        if (state === 'disconnected' || state === 'failed') this.#lost();
        else if (HAS_WAY.has(state)) this.#found();
      },
      { capture: true },
    );
  }

  /** Voice has no way: another is looked for, so long and no longer. */
  #lost() {
    if (!this.view.lost) {
      this.#gaveUp = this.#later(() => this.end('lost'), LOST_MS);
      this.tell({ lost: true });
    }
    this.#phone.look();
  }

  #found() {
    clearTimeout(this.#gaveUp);
    if (this.view.lost) this.tell({ lost: false });
  }

  async #count() {
    if (this.session.isEnded()) return;
    const report = await this.session.connection.getStats();
    const found = measure(report.values(), this.#totals);
    if (found) {
      this.#totals = found.totals;
      this.tell({ quality: found.quality });
    }
    this.#later(() => void this.#count(), FIGURES_MS);
  }

  #why(event: { originator: string; message: unknown; cause: string }): Cause | undefined {
    if (event.cause === 'Canceled' || event.originator === 'local') return undefined;
    const { status_code: status } = (event.message ?? {}) as { status_code?: number };
    return status ? (CAUSES[status] ?? 'refused') : this.view.incoming ? undefined : 'lost';
  }

  #over(cause: Cause | undefined) {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#audio.srcObject = null;
    this.#release();
    this.tell({ state: 'over', cause: this.view.cause ?? cause });
  }

  #release() {
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
  }

  #later(run: () => void, ms: number) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}
