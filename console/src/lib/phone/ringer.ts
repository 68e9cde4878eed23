import { t } from '../i18n/index.svelte';
import { sound } from './sound.svelte';
import type { PhoneCall } from './types';

/** A tone: its frequencies, and for how long it sounds and rests, in seconds. */
type Cadence = { hz: number[]; on: number; off: number; loud: number };
const RING: Cadence = { hz: [440, 554], on: 1, off: 2, loud: 0.12 };
/** What a caller hears in Europe (ITU-T E.182, ETSI TR 101 041). */
const RING_BACK: Cadence = { hz: [425], on: 1.5, off: 3.5, loud: 0.05 };
/** Lets a tone begin and end without a click. */
const EDGE_S = 0.02;

/** Not every browser lets a page choose where its own tones are heard. */
type Context = AudioContext & { setSinkId?: (id: string) => Promise<void> };
let context: Context | undefined;

/** Browsers let a page sound only after somebody has touched it. */
function sounding(): AudioContext {
  context ??= new AudioContext();
  void context.setSinkId?.(sound.choice.speaker).catch(() => undefined);
  if (context.state === 'suspended') void context.resume();
  return context;
}

/** Sounds once, from now. */
export function chime(hz: number[], seconds: number, loud: number) {
  const at = sounding();
  const gain = new GainNode(at, { gain: 0 });
  gain.connect(at.destination);
  const end = at.currentTime + seconds;
  gain.gain.setTargetAtTime(loud / hz.length, at.currentTime, EDGE_S);
  gain.gain.setTargetAtTime(0, end - EDGE_S * 4, EDGE_S);
  for (const frequency of hz) {
    const tone = new OscillatorNode(at, { frequency });
    tone.connect(gain);
    tone.start();
    tone.stop(end);
  }
}

/** Makes a call noticed: the ring tone where the phone is, the title in every tab, a notification where nobody looks. */
export class Ringer {
  #title: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #cadence: Cadence | undefined;
  #notices = new Map<string, Notification>();

  /** here: the sound is this tab's. */
  show(calls: PhoneCall[], here: boolean) {
    const ringing = calls.filter((call) => call.incoming && call.state === 'ringing');
    const waits = calls.some((call) => !call.incoming && call.state === 'ringing' && !call.early);
    const speaking = calls.some((call) => call.state === 'speaking');
    // In a call, a further one is shown and not rung over the voice.
    this.#play(!here ? undefined : ringing.length && !speaking ? RING : waits ? RING_BACK : undefined);
    this.#entitle(ringing[0]);
    if (here) this.#notify(ringing);
  }

  #play(cadence: Cadence | undefined) {
    if (cadence === this.#cadence) return;
    this.#cadence = cadence;
    clearInterval(this.#timer);
    if (!cadence) return;
    const once = () => chime(cadence.hz, cadence.on, cadence.loud);
    once();
    this.#timer = setInterval(once, (cadence.on + cadence.off) * 1000);
  }

  #entitle(call: PhoneCall | undefined) {
    if (call) {
      this.#title ??= document.title;
      document.title = `☎ ${t('phone.incoming.from', { name: call.name })}`;
    } else if (this.#title !== undefined) {
      document.title = this.#title;
      this.#title = undefined;
    }
  }

  #notify(ringing: PhoneCall[]) {
    for (const [id, notice] of this.#notices)
      if (!ringing.some((call) => call.id === id)) {
        notice.close();
        this.#notices.delete(id);
      }
    if (!('Notification' in globalThis) || Notification.permission !== 'granted') return;
    if (document.visibilityState === 'visible') return;
    for (const call of ringing) if (!this.#notices.has(call.id)) this.#notices.set(call.id, notice(call));
  }
}

function notice(call: PhoneCall): Notification {
  const shown = new Notification(call.name, {
    body: t('phone.incoming.from', { name: call.number }),
    tag: call.id,
    icon: '/alto.svg',
    requireInteraction: true,
  });
  shown.onclick = () => {
    focus();
    shown.close();
  };
  return shown;
}
