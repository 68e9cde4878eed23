/** The phone's sound as the machine makes it, and a tab that is really behind another. */
import { chromium, type Page } from 'playwright-core';
import { check, login, setting, start, walked, want, watch } from './browser.ts';

const COMPANY = setting('ALTO_COMPANY');
const DEBUGGED = 9222; // this test has its network for itself

type Told = { told: { title: string; body: string; open: boolean }[] };

const browser = await start(
  [
    `--host-resolver-rules=MAP ${new URL(COMPANY).hostname} ${setting('ALTO_ADDRESS')}`,
    `--remote-debugging-port=${DEBUGGED}`,
    // As after the five minutes from which on a tab behind another is woken once a minute.
    '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1',
  ],
  [
    '--mute-audio',
    '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows',
    '--disable-renderer-backgrounding',
  ],
);
// To a page of Playwright's own it is always in front.
const [context] = (
  await chromium.connectOverCDP(`http://127.0.0.1:${DEBUGGED}`, { noDefaults: true })
).contexts();
await context!.grantPermissions(['microphone', 'notifications'], { origin: COMPANY });

/** Leaves the tones as they are, and keeps what the page tells the person's desktop. */
async function person(): Promise<Page> {
  const page = await context!.newPage();
  watch(page);
  await page.addInitScript(() => {
    localStorage.setItem('alto.sound', JSON.stringify({ cleaned: false }));
    const told: Told['told'] = [];
    Object.assign(window, { told });
    window.Notification = class extends Notification {
      #one;
      constructor(title: string, options?: NotificationOptions) {
        super(title, options);
        this.#one = { title, body: options?.body ?? '', open: true };
        told.push(this.#one);
      }
      override close() {
        this.#one.open = false;
        super.close();
      }
    };
  });
  await page.goto(COMPANY);
  await login(page, 'anna@acme.example');
  await page.getByRole('navigation').getByRole('link', { name: 'Phone', exact: true }).click();
  await page.getByText('Ready for calls').waitFor();
  return page;
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const told = (page: Page) => page.evaluate(() => (window as unknown as Told).told);
const call = (page: Page, name: string) => page.getByRole('region', { name: `Call with ${name}` });

/** What nobody looks at rings all the same, at the speaker, and tells of the call on the desktop and in its title. */
async function behindAnother(anna: Page) {
  const other = await context!.newPage();
  // Of a tab that is not shown, no frame is ever drawn.
  await anna.waitForFunction(() => document.hidden, null, { polling: 100 });
  await want('carla calls 101');
  await want('the desk rings');
  check((await anna.title()).includes('Carla Jansen is calling'), await anna.title());
  const [notice, ...more] = await told(anna);
  check(
    notice?.title === 'Carla Jansen' && notice.body.includes('103') && !more.length,
    JSON.stringify(notice),
  );
  check(await anna.evaluate(() => document.hidden), 'the tab came to the front: this shows nothing');
  await other.close();
  await anna.bringToFront();
  await press(anna, 'Answer');
  await call(anna, 'Carla Jansen').getByText('Speaking', { exact: true }).waitFor();
  check(!(await told(anna))[0]!.open, 'the desktop still tells of the call');
  // Carla's tone alone: nothing rings any more.
  await want('the desk plays carla');
  await want('carla hears the desk');
}

async function choose(anna: Page, microphone: RegExp, speaker: RegExp) {
  await press(anna, 'Sound');
  for (const [label, device] of [
    ['Microphone', microphone],
    ['Speaker', speaker],
  ] as const) {
    const field = anna.getByRole('dialog').getByLabel(label, { exact: true });
    const option = field.locator('option', { hasText: device });
    await option.waitFor({ state: 'attached' });
    await field.selectOption((await option.getAttribute('value'))!);
  }
  await anna.keyboard.press('Escape');
}

/** What the kernel tells Chromium of devices (udev), it hears in no container: so it finds out only when it is asked. */
const look = (page: Page) =>
  page.evaluate(() => navigator.mediaDevices.enumerateDevices().then(() => undefined));

/** In the middle of a call, which stays on the other microphone while its speaker changes, and on either when one goes. */
async function otherDevices(anna: Page) {
  await choose(anna, /1000/, /headset/);
  await want('carla hears the headset');
  await want('the headset plays carla');
  await want('the desk is silent');
  const gone = [/chosen microphone is gone/, /chosen speaker is gone/].map((text) => anna.getByText(text));
  await want('the headset is unplugged');
  await look(anna);
  for (const text of gone) await text.waitFor();
  await want('carla hears the desk');
  await want('the desk plays carla');
  await want('the headset is plugged in');
  await look(anna);
  for (const text of gone) await text.waitFor({ state: 'detached' });
  // Where the speaker's sound goes is not looked at: Chromium keeps the way that PulseAudio turned to the desk for a while.
  await want('carla hears the headset');
  await press(anna, 'Hang up');
  await want('carla is hung up');
}

/** A phone that takes no telephone-event is told of the key by INFO. */
async function keyByInfo(anna: Page) {
  await want('dino is there');
  await anna.getByLabel('Number, extension or name').fill('104');
  await anna.keyboard.press('Enter');
  const dino = call(anna, 'Dino Rossi');
  await dino.getByText('Speaking', { exact: true }).waitFor();
  await dino.getByRole('button', { name: 'Keypad' }).click();
  await dino.getByRole('button', { name: 'Key 5' }).click();
  await want('dino was told 5');
  await dino.getByText('The call is over').waitFor();
}

const anna = await person();
for (const step of [behindAnother, otherDevices, keyByInfo]) {
  const begun = Date.now();
  await step(anna);
  console.log(`${step.name}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}
await walked(browser);
