/** A company of thousands, and a server that takes its time: a page says that it reads, and draws no more than is read. */
import type { Page, Route } from 'playwright-core';
import { picture, settled, start, walked } from './browser.ts';
import { asAdministrator, go } from './steps.ts';

const browser = await start();
const page = await asAdministrator(browser);

/** Every page says so while nothing has been answered. */
async function saysThatItReads(page: Page) {
  for (const name of ['People', 'Numbers', 'Phone', 'Home']) {
    let answer = () => {};
    const answered = new Promise<void>((done) => (answer = done));
    const late = async (route: Route) => {
      await answered;
      await route.fallback();
    };
    await page.route('**/api/v1/**', late);
    if (name === 'Numbers') await page.getByRole('link', { name }).click();
    else await go(page, name);
    const bar = page.getByRole('progressbar', { name: 'Loading…' }).first();
    await bar.waitFor();
    await bar.evaluate(async (seen) => {
      while (getComputedStyle(seen).opacity !== '1') await new Promise(requestAnimationFrame);
    });
    await picture(page, `reads-${name.toLowerCase()}`);
    answer();
    await page.unroute('**/api/v1/**', late);
    await page.getByRole('progressbar').first().waitFor({ state: 'detached' });
    await settled(page);
  }
}

await saysThatItReads(page);
await walked(browser);
