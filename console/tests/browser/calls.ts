/** Calls as they happen, and those that were; and what a page does while its server is away. */
import type { Page } from 'playwright-core';
import { accessible, check, picture, settled, start, walked, want } from './browser.ts';
import { asAdministrator, asAuditor, confirm, fitsEverywhere, go } from './steps.ts';

const browser = await start();

async function seesCall(page: Page, auditor: Page) {
  await go(page, 'Home');
  await page.getByText('No call right now').waitFor();
  await go(auditor, 'People');
  const busy = auditor.getByText('On a call');
  await want('call');
  // Who may read no calls sees who is in one.
  await busy.nth(1).waitFor();
  check((await busy.count()) === 2, 'not those two are on a call');
  await picture(auditor, 'people-on-a-call');
  await page.getByText('Speaking').waitFor();
  await accessible(page, 'home with a call');
  await picture(page, 'home');
  await fitsEverywhere(page, 'home with a call');
  await go(page, 'Lines');
  await page.getByText('of 8 lines').waitFor();
  const slider = page.getByRole('slider');
  // All that is bought is in use: there is less, and not more.
  await page.getByText('has bought 8 lines').waitFor();
  if ((await slider.getAttribute('aria-valuemax')) !== '8') throw new Error('more lines than are bought');
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await page.getByText('of 7 lines, 8 bought').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('of 8 lines', { exact: true }).waitFor();
  await picture(page, 'lines');
  await go(page, 'Home');
  await cannotEnd(page);
  await want('hang up');
  await page.getByText('No call right now').waitFor();
  await busy.first().waitFor({ state: 'detached' });
}

/** What the server cannot end is said to go on; what was over meanwhile is as wanted. */
async function cannotEnd(page: Page) {
  const call = '**/api/v1/calls/*';
  const tries = async (status: number, code: string) => {
    await page.route(call, (route) =>
      route.request().method() === 'DELETE'
        ? route.fulfill({ status, json: { code, detail: 'it cannot be ended', status } })
        : route.fallback(),
    );
    await page.getByRole('button', { name: 'Hang up' }).click();
    await confirm(page, 'Hang up');
    await settled(page);
    await page.unroute(call);
  };
  await tries(503, 'strange');
  await page.getByRole('alert').getByText('It cannot be ended').waitFor();
  await tries(404, 'unknown-call');
  await page.getByRole('alert').waitFor({ state: 'detached' });
}

/** Each by itself: the server finds it, or says that there is nothing. */
async function searches(page: Page) {
  await go(page, 'Calls');
  const rows = page.getByRole('table').last().locator('tbody tr');
  const nothing = page.getByText('Nothing fits');
  const found = () => rows.first().waitFor();
  const number = page.getByRole('searchbox');
  const person = page.getByRole('combobox', { name: 'Person' });
  const result = page.getByRole('combobox', { name: 'Result' });
  await found();
  await number.fill('999');
  await nothing.waitFor();
  await number.fill('101');
  await found();
  await person.selectOption('carla');
  await nothing.waitFor();
  await person.selectOption('bruno');
  await found();
  await result.selectOption('missed');
  await nothing.waitFor();
  await result.selectOption('answered');
  await found();
  await page.getByLabel('To day').fill('2020-01-01');
  await nothing.waitFor();
  await page.getByLabel('To day').fill('');
  await found();
  await accessible(page, 'calls');
  await picture(page, 'calls');
  await fitsEverywhere(page, 'calls');
  await rows.first().getByRole('link').click();
  await page.getByRole('heading', { name: 'Anna Nowak called Bruno Lefèvre' }).waitFor();
  const times = page
    .locator('dl')
    .filter({ hasText: /Began.*Answered.*Ended/s })
    .getByRole('definition');
  check((await times.filter({ hasText: /:\d\d:\d\d/ }).count()) === 3, 'the story does not say when');
  const invite = page.getByText('INVITE').first();
  await invite.waitFor();
  await picture(page, 'call', true);
  await fitsEverywhere(page, 'a call');
  await aligned(page);
  await invite.click();
  await accessible(page, 'a call');
}

/** On the narrowest screen too each arrow of the called side begins and ends where the others do. */
async function aligned(page: Page) {
  const { width, height } = page.viewportSize()!;
  await page.setViewportSize({ width: 320, height });
  const ends = await page
    .locator('.callee .arrow')
    .evaluateAll((all) => all.map((e) => e.getBoundingClientRect()).map((r) => `${r.left} to ${r.right}`));
  check(new Set(ends).size === 1, `arrows of the called side: ${ends.join(', ')}`);
  await page.setViewportSize({ width, height });
}

/** What the call above was, in what an auditor prints: on paper, without what one does on a page. */
async function reports(page: Page) {
  await go(page, 'Settings');
  await page.getByRole('link', { name: 'Compliance' }).click();
  await page.getByText('The voice of every answered call was encrypted').waitFor();
  await page.getByText('entries are whole').waitFor();
  await page.getByText('Nobody’s: all voice').waitFor();
  await settled(page);
  await accessible(page, 'compliance');
  await fitsEverywhere(page, 'compliance');
  await picture(page, 'compliance', true);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ]);
  check(file.suggestedFilename() === 'compliance-acme.json', file.suggestedFilename());
  await page.emulateMedia({ media: 'print' });
  await page.getByRole('button', { name: 'Print' }).waitFor({ state: 'hidden' });
  check(!(await page.getByRole('navigation').first().isVisible()), 'the menu is printed');
  await picture(page, 'compliance-print', true);
  await page.emulateMedia({ media: 'screen' });
  await page.getByLabel('From day').fill('2020-01-01');
  await page.getByRole('alert').getByText('400 days at most').waitFor();
  await page.getByLabel('To day').fill('2020-01-31');
  await page.getByText('No answered calls in this time').first().waitFor();
}

/** The server goes and comes back: the page says so, shows what is there, and hears what happens from then on. */
async function survivesRestart(page: Page) {
  await go(page, 'People');
  await want('stop');
  await page.getByText('The connection was lost').waitFor();
  await picture(page, 'lost');
  await want('start');
  await page.getByText('The connection was lost').waitFor({ state: 'detached' });
  await want('newcomer');
  await page.getByRole('link', { name: 'Eva Newcomer' }).waitFor();
}

/** After an upgrade: a part of the page is there no more under the name that it knows. */
async function lacksPart(page: Page) {
  const part = '**/assets/Numbers-*.js';
  await page.route(part, (route) => route.fulfill({ status: 404 }));
  await page.getByRole('link', { name: 'Numbers', exact: true }).click();
  // It was loaded anew once, which has not helped.
  await page.getByText('most likely there is a new version').waitFor();
  await picture(page, 'outdated');
  await page.unroute(part);
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByRole('heading', { level: 1, name: 'Numbers' }).waitFor();
}

/** What was on the page goes at once; that the server does not know yet is said. */
async function leavesWithoutNetwork(page: Page) {
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('on this device you are still logged in').waitFor();
  await accessible(page, 'not logged out yet');
  await page.context().setOffline(false);
  await page.getByLabel('Login').waitFor();
}

const page = await asAdministrator(browser);
const auditor = await asAuditor(browser);
await seesCall(page, auditor);
await auditor.close();
await searches(page);
await reports(page);
await survivesRestart(page);
await lacksPart(page);
await leavesWithoutNetwork(page);
await walked(browser);
