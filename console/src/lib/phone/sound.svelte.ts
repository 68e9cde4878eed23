/** Which microphone and speaker, kept in this browser for all its tabs. */
type Choice = { microphone: string; speaker: string; cleaned: boolean };
export type Device = { id: string; label: string };

const KEY = 'alto.sound';
const DEFAULT: Choice = { microphone: '', speaker: '', cleaned: true };

function stored(): Choice {
  try {
    return { ...DEFAULT, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return DEFAULT;
  }
}

class Sound {
  choice = $state.raw<Choice>(stored());
  microphones = $state.raw<Device[]>([]);
  speakers = $state.raw<Device[]>([]);
  /** Called when another one was chosen, in this tab or in another. */
  changed = () => {};

  constructor() {
    addEventListener('storage', (event) => {
      if (event.key !== KEY) return;
      this.choice = stored();
      this.changed();
    });
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.look());
  }

  choose(part: Partial<Choice>) {
    this.choice = { ...this.choice, ...part };
    localStorage.setItem(KEY, JSON.stringify(this.choice));
    this.changed();
  }

  /** What is plugged in. Browsers give names only to pages that may use the microphone. */
  async look() {
    const found = await navigator.mediaDevices.enumerateDevices();
    const of = (kind: MediaDeviceKind) =>
      found
        .filter((d) => d.kind === kind && d.deviceId && d.deviceId !== 'default')
        .map((d) => ({ id: d.deviceId, label: d.label }));
    this.microphones = of('audioinput');
    this.speakers = of('audiooutput');
  }

  /** The chosen microphone; the system's own if that one is gone. */
  open(): Promise<MediaStream> {
    const { microphone, cleaned } = this.choice;
    const audio: MediaTrackConstraints = {
      echoCancellation: cleaned,
      noiseSuppression: cleaned,
      autoGainControl: cleaned,
      ...(microphone ? { deviceId: { ideal: microphone } } : {}),
    };
    return navigator.mediaDevices.getUserMedia({ audio });
  }

  /** Lets this be heard where it was chosen. Safari has no choice of speakers; a gone one leaves the system's own. */
  async play(on: HTMLAudioElement) {
    await on.setSinkId?.(this.choice.speaker).catch(() => undefined);
    await on.play().catch(() => undefined);
  }
}

export const sound = new Sound();
