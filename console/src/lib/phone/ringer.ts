import { t } from '../i18n/index.svelte';
import { sound } from './sound.svelte';
import type { PhoneCall } from './types';

/** A tone: its frequencies, for how long it sounds and rests, in seconds, and how loud it is. */
type Cadence = { hz: number[]; on: number; off: number; loud: number };
const RING: Cadence = { hz: [440, 554], on: 1, off: 2, loud: 0.12 };
/** What a caller hears in Europe (ITU-T E.182, ETSI TR 101 041). */
const RING_BACK: Cadence = { hz: [425], on: 1.5, off: 3.5, loud: 0.05 };
export const TEST: Cadence = { hz: [440], on: 1, off: 0, loud: 0.2 };
/** Lets a tone begin and end without a click. */
const EDGE_S = 0.02;

let context: AudioContext | undefined;

/** Browsers let a page sound only after somebody has touched it. */
function sounding(): AudioContext {
  context ??= new AudioContext();
  void sound.route(context);
  if (context.state === 'suspended') void context.resume();
  return context;
}

/** One sound and its rest. */
function waveOf({ hz, on, off, loud }: Cadence, sampleRate: number): AudioBuffer {
  const buffer = new AudioBuffer({ length: (on + off) * sampleRate, sampleRate });
  const wave = buffer.getChannelData(0);
  const [end, edge] = [on * sampleRate, EDGE_S * sampleRate];
  for (let i = 0; i < end; i++) {
    const tone = hz.reduce((sum, f) => sum + Math.sin((2 * Math.PI * f * i) / sampleRate), 0);
    wave[i] = (loud / hz.length) * Math.min(1, i / edge, (end - i) / edge) * tone;
  }
  return buffer;
}

/** Sounds from now: once, or until it is stopped. Its rests are sound too: browsers all but stop the timers of a tab behind others. */
export function sounds(cadence: Cadence, loop = false): AudioBufferSourceNode {
  const at = sounding();
  const source = new AudioBufferSourceNode(at, { buffer: waveOf(cadence, at.sampleRate), loop });
  source.connect(at.destination);
  source.start();
  return source;
}

/** Makes a call noticed: the ring tone where the phone is, the title in every tab, a notification where nobody looks. */
export class Ringer {
  #title: string | undefined;
  #sounds: AudioBufferSourceNode | undefined;
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
    this.#notify(here ? ringing : []);
  }

  #play(cadence: Cadence | undefined) {
    if (cadence === this.#cadence) return;
    this.#cadence = cadence;
    this.#sounds?.stop();
    this.#sounds = cadence && sounds(cadence, true);
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
    if (document.hasFocus()) return;
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
