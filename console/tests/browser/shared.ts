/** Two people use one browser, one after the other: nothing of the first is left for the second, the phone neither. And
 * a session has one person: who logs in in a second tab either goes on in the first, or closes it to whoever was there. */
import type { Page } from 'playwright-core';
import { accessible, check, login, open, setting, start, walked } from './browser.ts';

const browser = await start();
const address = `${setting('ALTO_COMPANY')}/phone`;

/** All that somebody could find who sits down at this browser. */
function left(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const kept = [
      { ...localStorage },
      { ...sessionStorage },
      databases,
      await caches.keys(),
      document.cookie,
    ];
    return document.title + document.documentElement.outerHTML + JSON.stringify(kept);
  });
}

const ready = (page: Page) => page.getByText('Ready for calls').waitFor();
const elsewhere = (page: Page) => page.getByText('in another tab').waitFor();

/** Until the other tab has seen that somebody has logged in in this one. */
async function logsIn(page: Page, name: string, other: Page) {
  const seen = other.waitForResponse('**/api/v1/session');
  await login(page, `${name}@acme.example`);
  await seen;
}

// The same person in a second tab: both go on. The first can log out, which takes what belongs to the newer session.
const first = await open(browser, address);
const second = await first.context().newPage();
await second.goto(address);
await second.getByRole('heading', { name: 'Log in' }).waitFor();
await logsIn(first, 'bruno', second);
await ready(first);
await logsIn(second, 'bruno', first);
await elsewhere(second);
await first.getByText('Ready for calls').waitFor();
await first.getByRole('button', { name: 'Log out' }).click();
for (const page of [first, second]) await page.getByRole('heading', { name: 'Log in' }).waitFor();

// Another person: the first tab says so, shows nothing of whoever was there, and lets their phone go.
await logsIn(first, 'bruno', second);
await ready(first);
await logsIn(second, 'dora', first);
await first.getByText('Dora Óskarsdóttir has logged in in another tab').waitFor();
await accessible(first, 'somebody else has logged in');
check(!/bruno/i.test(await left(first)), 'bruno is left behind');
await second.getByRole('listitem').filter({ hasText: 'Bruno' }).getByText('Not connected').waitFor();
await ready(second);
await first.getByRole('button', { name: 'Go on as Dora Óskarsdóttir' }).click();
await first.getByRole('heading', { name: 'Hello, Dora' }).waitFor();
await first.goto(address);
await elsewhere(first);

// She leaves in the one, and is gone in both.
await second.getByRole('button', { name: 'Log out' }).click();
for (const page of [first, second]) {
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  const found = /dora|óskars|bruno|lefèvre|acme\b(?!\.example)/i.exec(await left(page));
  check(!found, `${found?.[0]} is left behind`);
}
await accessible(second, 'after a log-out');

// The other's phone is in the tab where he logs in: that of the first held nothing back.
await login(first, 'bruno@acme.example');
await ready(first);
await first.getByRole('listitem').filter({ hasText: 'Dora' }).getByText('Not connected').waitFor();
await second.reload();
await elsewhere(second);
await first.close();
await ready(second);

// Only so many browsers are somebody's phones: one more says so, and is one once there is room.
const busy = { code: 'busy', detail: '8 browsers are your phones now', status: 503 };
const ninth = await open(browser, address);
await ninth.route('**/api/v1/session/phone', (route) => route.fulfill({ status: 503, json: busy }));
await login(ninth, 'bruno@acme.example');
await ninth.getByText('As many browsers are phones as there may be').waitFor();
await accessible(ninth, 'one browser too many');
await ninth.unroute('**/api/v1/session/phone');
await ready(ninth);

await walked(browser);
