/** Which microphone and speaker, kept in this browser for all its tabs. */
type Choice = { microphone: string; speaker: string; cleaned: boolean };
export type Device = { id: string; label: string };
type Audible = (HTMLAudioElement | AudioContext) & { setSinkId?: (id: string) => Promise<void> };

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
  /** Called when something was plugged in or out. */
  plugged = () => {};

  constructor() {
    addEventListener('storage', (event) => {
      if (event.key !== KEY) return;
      this.choice = stored();
      this.changed();
    });
    navigator.mediaDevices?.addEventListener(
      'devicechange',
      () => void this.look().then(() => this.plugged()),
    );
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
  async open(): Promise<MediaStream> {
    const { microphone, cleaned } = this.choice;
    const audio: MediaTrackConstraints = {
      echoCancellation: cleaned,
      noiseSuppression: cleaned,
      autoGainControl: cleaned,
    };
    const { mediaDevices } = navigator;
    if (microphone)
      try {
        // Where it is merely wished for (`ideal`), Chromium takes the system's own.
        return await mediaDevices.getUserMedia({ audio: { ...audio, deviceId: { exact: microphone } } });
      } catch (error) {
        if (error instanceof DOMException && error.name === 'NotAllowedError') throw error;
      }
    return mediaDevices.getUserMedia({ audio });
  }

  /** Is this the microphone that was chosen, and not the one in its place? */
  isChosen(microphone: MediaStream): boolean {
    const { deviceId } = microphone.getAudioTracks()[0]!.getSettings();
    return !this.choice.microphone || this.choice.microphone === deviceId;
  }

  /**
   * Lets this be heard where it was chosen. False: that one is gone, and it is heard where the system's own sounds are.
   * Safari has no choice of speakers, and not every browser has one for tones.
   */
  async route(what: Audible): Promise<boolean> {
    const { speaker } = this.choice;
    // To what is heard there already, a browser does not tell that it is gone.
    const gone = speaker && this.speakers.length && !this.speakers.some((d) => d.id === speaker);
    try {
      await what.setSinkId?.(gone ? '' : speaker);
      return !gone;
    } catch {
      await what.setSinkId?.('').catch(() => undefined);
      return false;
    }
  }
}

export const sound = new Sound();
