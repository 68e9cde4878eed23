/** Two people use one browser, one after the other: nothing of the first is left for the second, the phone neither. */
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

const first = await open(browser, address);
await login(first, 'dora@acme.example');
await ready(first);
await first.getByText('Bruno Lefèvre').waitFor();
const second = await first.context().newPage();
await second.goto(address);
await elsewhere(second);

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

await walked(browser);
