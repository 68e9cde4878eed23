/** The phone in the browser: calls between pages and desk phones, and the sound that arrives. */
import type { Browser, Page } from 'playwright-core';
import {
  accessible,
  check,
  login,
  open,
  picture,
  PATIENCE_MS,
  setting,
  start,
  walked,
  want,
} from './browser.ts';

const TONES = { anna: 440, bruno: 1000, carla: 1400 };
const COMPANY = setting('ALTO_COMPANY');
/** Above the noise of an idle line, far below a tone. */
const AUDIBLE_DB = -50;

/** A browser whose microphone plays a tone, and that finds the server by a name. */
function microphone(tone: number): Promise<Browser> {
  return start([
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${setting('ALTO_TONES')}/${tone}.wav`,
    `--host-resolver-rules=MAP ${new URL(COMPANY).hostname} ${setting('ALTO_ADDRESS')}`,
  ]);
}

/** Keeps the page's connections, and leaves the tone as it is: it sounds like noise. */
async function person(browser: Browser, name: string): Promise<Page> {
  const page = await open(browser, 'about:blank');
  await page.context().addInitScript(() => {
    localStorage.setItem('alto.sound', JSON.stringify({ cleaned: false }));
    const made: RTCPeerConnection[] = [];
    Object.assign(window, { made });
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        made.push(this);
      }
    };
  });
  await page.goto(`${COMPANY}/`);
  await login(page, `${name}@acme.example`);
  return page;
}

async function toPhone(page: Page) {
  await page.getByRole('navigation').getByRole('link', { name: 'Phone', exact: true }).click();
  await page.getByText('Ready for calls').waitFor();
}

/** Until the voice that arrives is this tone and nothing else; of silence, until there is none. */
async function hears(page: Page, tone: number | 'silence') {
  const call = await page.waitForFunction(
    ({ tone, least }) => {
      const w = window as unknown as {
        made: RTCPeerConnection[];
        ear?: { of: MediaStreamTrack; at: AnalyserNode };
      };
      const track = w.made
        .filter((c) => c.connectionState === 'connected')
        .at(-1)
        ?.getReceivers()[0]?.track;
      if (!track) return false;
      if (w.ear?.of !== track) {
        const context = new AudioContext();
        const at = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
        new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) }).connect(at);
        w.ear = { of: track, at };
      }
      const { at } = w.ear;
      const bins = new Float32Array(at.frequencyBinCount);
      at.getFloatFrequencyData(bins);
      const power = bins.map((db) => 10 ** (db / 10));
      const all = power.reduce((a, b) => a + b, 0);
      if (tone === 'silence') return all < 10 ** (least / 10);
      const bin = Math.round((tone * at.fftSize) / at.context.sampleRate);
      const near = power.slice(bin - 4, bin + 5).reduce((a, b) => a + b, 0);
      return all > 10 ** (least / 10) && near / all > 0.9;
    },
    { tone, least: AUDIBLE_DB },
    { polling: 100, timeout: PATIENCE_MS },
  );
  await call.dispose();
}

/** Ours of the newest connection's two names; a restart of ICE makes another (RFC 8445 §9). */
const iceName = (page: Page) =>
  page.evaluate(
    () =>
      /a=ice-ufrag:(\S+)/.exec(
        (window as unknown as { made: RTCPeerConnection[] }).made.at(-1)!.localDescription!.sdp,
      )![1],
  );
const speaking = (page: Page, name: string) =>
  page
    .getByRole('region', { name: `Call with ${name}` })
    .getByText('Speaking', { exact: true })
    .waitFor();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** Whoever opens the console can be called from then on, and pages that are open already show it. */
async function comes(anna: Page, open: () => Promise<Page>): Promise<Page> {
  const row = anna.getByRole('listitem').filter({ hasText: 'Bruno Lefèvre' });
  await row.getByText('Not connected').waitFor();
  const bruno = await open();
  await row.getByText('Available').waitFor();
  return bruno;
}

/** Between two browsers: shown on whatever page, answered there; muted, held, and hung up. */
async function browsers(anna: Page, bruno: Page) {
  await press(anna, 'Call Bruno Lefèvre');
  await bruno.getByText('Anna Nowak is calling').waitFor();
  check((await bruno.title()).includes('Anna Nowak'), 'the title of the tab does not tell of the call');
  await accessible(bruno, 'a call comes in');
  await picture(bruno, 'incoming');
  await press(bruno, 'Answer');
  await speaking(anna, 'Bruno Lefèvre');
  await hears(anna, TONES.bruno);
  await hears(bruno, TONES.anna);
  check((await bruno.title()).startsWith('Hello'), 'the title of the tab still tells of the call');
  await anna.getByText(/(Good|Fair|Poor) sound/).waitFor();
  await accessible(anna, 'a call');
  await picture(anna, 'phone');
  await press(bruno, 'Mute');
  await hears(anna, 'silence');
  await press(bruno, 'Mute');
  await hears(anna, TONES.bruno);
  await press(anna, 'Hold');
  await hears(bruno, 'silence');
  await press(anna, 'Resume');
  await hears(bruno, TONES.anna);
}

/** A second call while one is running: that one waits, and they can be swapped. */
async function twoCalls(anna: Page) {
  await want('carla calls 101');
  const carla = anna.getByRole('region', { name: 'Call with Carla Jansen' });
  await carla.getByRole('button', { name: 'Answer' }).click();
  await speaking(anna, 'Carla Jansen');
  const bruno = anna.getByRole('region', { name: 'Call with Bruno Lefèvre' });
  await bruno.getByText('On hold').waitFor();
  await hears(anna, TONES.carla);
  await picture(anna, 'phone-two-calls', true);
  await bruno.getByRole('button', { name: 'Swap to this call' }).click();
  await carla.getByText('On hold').waitFor();
  await carla.getByRole('button', { name: 'Hang up' }).click();
  await want('carla is hung up');
}

async function hungUp(anna: Page, bruno: Page) {
  await bruno.getByRole('region', { name: 'Phone' }).getByRole('button', { name: 'Hang up' }).click();
  await anna.getByRole('region', { name: 'Call with Bruno Lefèvre' }).getByText('The call is over').waitFor();
}

/** To a desk phone, by the keyboard alone, with a key pressed; and the network is lost for ten seconds, and then another one. */
async function deskPhone(anna: Page) {
  await anna.getByLabel('Number, extension or name').fill('103');
  await anna.keyboard.press('Enter');
  await want('carla answers');
  await speaking(anna, 'Carla Jansen');
  await hears(anna, TONES.carla);
  await press(anna, 'Keypad');
  await anna.getByRole('region', { name: /Carla/ }).getByRole('button', { name: 'Key 5' }).click();
  await want('carla heard 5');
  await want('carla hears anna');
  const name = await iceName(anna);
  await want('the network is lost');
  await anna.getByText('The connection is being restored…').waitFor();
  await want('another network is there after 10 s');
  await speaking(anna, 'Carla Jansen');
  check(name !== (await iceName(anna)), 'voice found its way without a restart of ICE: this shows nothing');
  await hears(anna, TONES.carla);
  await want('carla hears anna');
  await press(anna, 'Hang up');
  await want('carla is hung up');
}

/** From a desk phone; and the page is loaded anew: the call ends at once, and the phone is back. */
async function reload(anna: Page) {
  await want('carla calls 101');
  await press(anna, 'Answer');
  await speaking(anna, 'Carla Jansen');
  await hears(anna, TONES.carla);
  await want('carla hears anna');
  let asked = false;
  anna.once('dialog', (dialog) => {
    asked = dialog.type() === 'beforeunload';
    void dialog.accept();
  });
  const account = () => anna.evaluate(() => sessionStorage.getItem('alto.phone.account'));
  const before = await account();
  await anna.reload();
  check(asked, 'nobody was asked before the call was lost');
  await want('carla is hung up');
  await anna.getByText('Ready for calls').waitFor();
  check(before && before === (await account()), 'the page that was loaded anew is another phone');
}

/** Two tabs: one has the phone, both show it and both can use it; when the one is closed the other has it. */
async function twoTabs(anna: Page): Promise<Page> {
  const other = await anna.context().newPage();
  await other.goto(`${COMPANY}/phone`);
  await other.getByText('in another tab').waitFor();
  await accessible(other, 'a second tab');
  await want('carla calls 101');
  await anna.getByText('Incoming call').waitFor();
  await press(other, 'Answer');
  await speaking(anna, 'Carla Jansen');
  await speaking(other, 'Carla Jansen');
  await hears(anna, TONES.carla);
  await press(other, 'Hang up');
  await want('carla is hung up');
  await press(other, 'Ring and speak here');
  await anna.getByText('in another tab').waitFor();
  await other.getByText('in another tab').waitFor({ state: 'detached' });
  await anna.close();
  await other.getByText('Ready for calls').waitFor();
  const third = await other.context().newPage();
  await third.goto(`${COMPANY}/phone`);
  await third.getByText('in another tab').waitFor();
  await other.close();
  await third.getByText('in another tab').waitFor({ state: 'detached' });
  await third.getByText('Ready for calls').waitFor();
  return third;
}

/** The server goes and comes back, and with it the phone. */
async function restart(anna: Page) {
  await want('stop');
  await anna.getByText('No connection').waitFor();
  await want('start');
  await anna.getByText('Ready for calls').waitFor();
}

/** Whoever closes the console cannot be called any more, and pages that are open already show it. */
async function goes(anna: Page, bruno: Page) {
  const row = anna.getByRole('listitem').filter({ hasText: 'Bruno Lefèvre' });
  await row.getByText('Available').waitFor();
  await bruno.close();
  await row.getByText('Not connected').waitFor();
}

async function devices(anna: Page) {
  await press(anna, 'Sound');
  await anna.getByText('How loud you are heard').waitFor();
  await anna.waitForFunction(() => document.querySelector('meter')!.value > 0.3);
  await accessible(anna, 'sound');
  await picture(anna, 'phone-sound');
  await press(anna, 'Play a test tone');
  await anna.keyboard.press('Escape');
}

const steps: [string, () => Promise<unknown>][] = [];
const [one, two] = await Promise.all([microphone(TONES.anna), microphone(TONES.bruno)]);
let anna = await person(one, 'anna');
await toPhone(anna);
const bruno = await comes(anna, () => person(two, 'bruno'));
await toPhone(bruno);
await bruno.getByRole('navigation').getByRole('link', { name: 'Home' }).click();
steps.push(
  ['devices', () => devices(anna)],
  ['browser to browser', () => browsers(anna, bruno)],
  ['a second call', () => twoCalls(anna)],
  ['hung up', () => hungUp(anna, bruno)],
  ['browser to desk phone, network lost', () => deskPhone(anna)],
  ['desk phone to browser, reload', () => reload(anna)],
  ['two tabs', async () => (anna = await twoTabs(anna))],
  ['restart', () => restart(anna)],
  ['closed', () => goes(anna, bruno)],
);
for (const [what, run] of steps) {
  const begun = Date.now();
  try {
    await run();
  } catch (error) {
    await picture(anna, 'failed-anna').catch(() => undefined);
    await picture(bruno, 'failed-bruno').catch(() => undefined);
    throw new Error(what, { cause: error });
  }
  console.log(`${what}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}
await one.close();
await walked(two);
