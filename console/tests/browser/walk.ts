/** What people do in the console: the administrator of a company, and the provider. */
import type { Locator, Page } from 'playwright-core';
import {
  accessible,
  check,
  complaints,
  login,
  open,
  picture,
  setting,
  settled,
  start,
  want,
} from './browser.ts';

const browser = await start();

async function go(page: Page, name: string) {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: name === 'Home' ? 'Hello, ' : name }).waitFor();
}

async function focused(field: Locator) {
  await field.and(field.page().locator(':focus')).waitFor();
}

async function wrongPassword(page: Page) {
  await focused(page.getByLabel('Login'));
  await page.keyboard.type('dora@acme.example');
  await page.keyboard.press('Tab');
  await page.keyboard.type('not this one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await accessible(page, 'login, refused');
}

/** By the keyboard alone, from the button to an account, and back to the button. */
async function addsPerson(page: Page) {
  await go(page, 'People');
  const button = page.getByRole('button', { name: 'Add a person' });
  await button.focus();
  await page.keyboard.press('Enter');
  await focused(page.getByLabel('Name', { exact: true }));
  await page.keyboard.type('Émile Zølá');
  await accessible(page, 'add a person');
  await picture(page, 'add-person');
  // Taken already: said at the field that is wrong.
  await page.keyboard.press('Tab');
  await page.keyboard.type('101');
  await page.keyboard.press('Enter');
  await page.getByText('Somebody has this extension already.').waitFor();
  check(
    await page.getByRole('textbox', { name: 'Extension' }).getAttribute('aria-invalid'),
    'the field is not marked',
  );
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Émile Zølá can be called now' }).waitFor();
  await accessible(page, 'the account');
  await picture(page, 'account');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await focused(button);
  await page.getByRole('link', { name: 'Émile Zølá' }).waitFor();
}

async function seesCall(page: Page) {
  await go(page, 'Home');
  await page.getByText('No call right now').waitFor();
  await want('call');
  await page.getByText('Speaking').waitFor();
  await accessible(page, 'home with a call');
  await picture(page, 'home');
  await go(page, 'Lines');
  await page.getByText('of 8 lines').waitFor();
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  await page.getByText('of 9 lines').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('of 8 lines').waitFor();
  await picture(page, 'lines');
  await go(page, 'Home');
  await want('hang up');
  await page.getByText('No call right now').waitFor();
}

async function searches(page: Page) {
  await go(page, 'Calls');
  const rows = page.getByRole('table').last().locator('tbody tr');
  await rows.first().waitFor();
  await page.getByRole('searchbox').fill('nobody of this name');
  await page.getByText('Nothing fits').waitFor();
  await page.getByRole('searchbox').fill('bruno 101');
  await rows.first().waitFor();
  await accessible(page, 'calls');
  await picture(page, 'calls');
  await rows.first().getByRole('link').click();
  await page.getByRole('heading', { name: 'Anna Nowak called Bruno Lefèvre' }).waitFor();
  const invite = page.getByText('INVITE').first();
  await invite.waitFor();
  await picture(page, 'call', true);
  await invite.click();
  await accessible(page, 'a call');
}

/** The server goes and comes back: the page says so, and then shows what is there. */
async function survivesRestart(page: Page) {
  await go(page, 'Home');
  await want('stop');
  await page.getByText('The connection was lost').waitFor();
  await picture(page, 'lost');
  await want('start');
  await page.getByText('The connection was lost').waitFor({ state: 'detached' });
}

async function removesPerson(page: Page) {
  await go(page, 'People');
  await page.getByRole('link', { name: 'Émile Zølá' }).click();
  await page.getByText('phone', { exact: true }).waitFor();
  await accessible(page, 'a person');
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await accessible(page, 'a question');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('heading', { name: 'People' }).waitFor();
  await page.getByRole('link', { name: 'Émile Zølá' }).waitFor({ state: 'detached' });
}

/** Another browser of the same person is logged out by it too, without being touched. */
async function changesPassword(page: Page) {
  const other = await open(browser, setting('ALTO_COMPANY'));
  await login(other, 'dora@acme.example');
  await go(page, 'Settings');
  await page.getByLabel('Present password').fill('not this one');
  await page.getByLabel('New password').fill('battery staple horse');
  await page.keyboard.press('Enter');
  await page.getByText('The login or the password is wrong.').waitFor();
  await page.getByLabel('Present password').fill(setting('ALTO_PASSWORD'));
  await page.keyboard.press('Enter');
  await page.getByText('Your password is changed').waitFor();
  await other.getByRole('heading', { name: 'Log in' }).waitFor();
  await login(other, 'dora@acme.example', 'battery staple horse');
  await other.context().close();
}

/** Every page of the menu, in each language and each theme. */
async function everyPage(page: Page, who: string) {
  for (const [language, colorScheme] of [
    ['English', 'light'],
    ['Français', 'dark'],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.getByRole('navigation').getByRole('link').last().click();
    await page.getByRole('radio', { name: language }).click();
    for (const link of await page.getByRole('navigation').getByRole('link').all()) {
      await link.click();
      await settled(page);
      const name = (await link.getAttribute('href'))!.slice(1) || 'home';
      await accessible(page, `${who}: ${name}, ${language}, ${colorScheme}`);
      await picture(page, `${who}-${name}-${colorScheme}`);
    }
  }
}

async function administrator() {
  const page = await open(browser, setting('ALTO_COMPANY'));
  await wrongPassword(page);
  await picture(page, 'login');
  await login(page, 'dora@acme.example');
  await addsPerson(page);
  await seesCall(page);
  await searches(page);
  await survivesRestart(page);
  await removesPerson(page);
  await changesPassword(page);
  await everyPage(page, 'admin');
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ['/', '/people', '/calls', '/lines', '/settings']) {
    await page.goto(setting('ALTO_COMPANY') + path);
    await settled(page);
    check(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      `${path} is wider than a phone`,
    );
    await picture(page, `phone-${path.slice(1) || 'home'}`);
  }
  await page.getByRole('button', { name: 'Se déconnecter' }).click();
  await page.getByRole('heading', { name: 'Connexion' }).waitFor();
}

async function provider() {
  const page = await open(browser, setting('ALTO_PROVIDER'));
  await login(page, 'paul@acme.example');
  await go(page, 'Companies');
  await page.getByRole('button', { name: 'Add a company' }).click();
  await page.getByLabel('Short name').fill('globex');
  await page.getByLabel('Domain').fill('globex.example');
  await page.keyboard.press('Enter');
  await page.getByRole('cell', { name: 'globex', exact: true }).waitFor();
  await everyPage(page, 'provider');
}

await administrator();
await provider();
await browser.close();
if (complaints.length) throw new Error(`the pages complained:\n${complaints.join('\n')}`);
console.log('walked');
process.exit(0);
