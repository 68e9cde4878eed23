/** A company of thousands, and a server that takes its time: a page says that it reads, and draws no more than is read. */
import type { Page, Route } from 'playwright-core';
import { accessible, check, picture, settled, start, walked } from './browser.ts';
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
      while (seen.isConnected && getComputedStyle(seen).opacity !== '1')
        await new Promise(requestAnimationFrame);
    });
    await picture(page, `reads-${name.toLowerCase()}`);
    answer();
    await page.unroute('**/api/v1/**', late);
    await page.getByRole('progressbar').first().waitFor({ state: 'detached' });
    await settled(page);
  }
}

/** In pages, as the server gives them; the newest is beyond 5,000. */
async function withThousands(page: Page) {
  const { items } = await page.evaluate(async () => (await fetch('/api/v1/users')).json());
  const one = (n: number) => ({
    ...items[0],
    id: `01920000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    login: `p${n}`,
    name: `Person ${n}`,
    extension: String(1000 + n),
  });
  const people = [...items, ...Array.from({ length: 5105 }, (_, n) => one(n))];
  await page.route(/\/api\/v1\/users\?/, (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const from = Number(asked.get('cursor') ?? 0);
    const to = from + Number(asked.get('limit') ?? 100);
    const next = to < people.length ? String(to) : null;
    return route.fulfill({ json: { items: people.slice(from, to), next } });
  });
}

/** Few are drawn; more by hand, and the last by a search. */
async function seesThousands(page: Page) {
  await go(page, 'People');
  const rows = page.getByRole('row');
  await page.getByRole('link', { name: 'Person 5', exact: true }).waitFor();
  check((await rows.count()) === 101, `${await rows.count()} rows are drawn`);
  await accessible(page, 'thousands of people');
  await picture(page, 'thousands', true);
  await page.getByRole('button', { name: 'Show more' }).click();
  await rows.nth(200).waitFor();
  check((await rows.count()) === 201, `${await rows.count()} rows are drawn`);
  await page.getByRole('searchbox').fill('person 5104');
  await rows.getByText('6104').waitFor();
  await page.getByRole('searchbox').fill('lefevre');
  await rows.getByText('Bruno Lefèvre').waitFor();
  await page.getByRole('button', { name: 'Add a person' }).click();
  await page.getByPlaceholder('6105').waitFor();
  await page.keyboard.press('Escape');

  await go(page, 'Phone');
  const colleagues = page.getByRole('button', { name: /^Call / });
  await colleagues.first().waitFor();
  check((await colleagues.count()) <= 101, `${await colleagues.count()} colleagues are drawn`);
  check((await page.locator('datalist option').count()) <= 20, 'all are offered');
}

await saysThatItReads(page);
await withThousands(page);
await seesThousands(page);
await walked(browser);
