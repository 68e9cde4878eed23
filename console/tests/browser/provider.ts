/** The provider looks after companies, numbers, operators and bans. */
import type { Page } from 'playwright-core';
import { accessible, check, picture, start, walked, want } from './browser.ts';
import { asProvider, confirm, fitsEverywhere, go, withTrouble } from './steps.ts';

const browser = await start();

async function addsCompany(page: Page) {
  await go(page, 'Companies');
  await page.getByRole('button', { name: 'Add a company' }).click();
  await page.getByLabel('Short name').fill('globex');
  await page.getByLabel('Domain').fill('globex.example');
  await page.keyboard.press('Enter');
  const row = page.getByRole('row', { name: 'globex' });
  await row.getByRole('button', { name: 'Change' }).click();
  await page.getByRole('textbox', { name: 'Domain' }).fill('globex.test');
  await page.getByRole('textbox', { name: 'Lines' }).fill('5');
  await accessible(page, 'a company is changed');
  await page.keyboard.press('Enter');
  await row.getByText('globex.test').waitFor();
  await row.getByText('0 of 5').waitFor();
  await page.getByRole('searchbox').fill('GLOBEX test');
  await page.getByRole('row', { name: 'acme' }).waitFor({ state: 'detached' });
  await picture(page, 'companies');
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'Undo' }).click();
  await row.getByText('globex.example').waitFor();
  await row.getByText('0 of ∞').waitFor();
}

async function addsNumber(page: Page) {
  await go(page, 'People');
  await page.getByRole('link', { name: 'Numbers' }).click();
  await page.getByRole('combobox', { name: 'Company' }).selectOption('acme');
  await page.getByRole('button', { name: 'Add a number' }).click();
  await page.getByLabel('Number', { exact: true }).fill('+33 1 40 00 01 01');
  await page.keyboard.press('Enter');
  await page.getByText('This number is in use already.').waitFor();
  await page.getByLabel('Number', { exact: true }).fill('+33 1 40 00 01 02');
  await page.getByRole('combobox', { name: 'Rings' }).selectOption('bruno');
  await accessible(page, 'a number is added');
  await page.getByRole('dialog').getByRole('button', { name: 'Add a number' }).click();
  const row = page.getByRole('row', { name: '+33140000102' });
  await row.getByText('Bruno Lefèvre').waitFor();
  await picture(page, 'numbers');
  await row.getByRole('button', { name: 'Remove' }).click();
  await confirm(page, 'Remove');
  await row.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await row.getByText('Bruno Lefèvre').waitFor();
}

async function addsOperator(page: Page) {
  await go(page, 'Node');
  await page.getByRole('link', { name: 'Operators' }).click();
  await page.getByRole('button', { name: 'Add an operator' }).click();
  await page.getByLabel('Name', { exact: true }).fill('carrier');
  await page.getByLabel('Sends calls to').fill('192.0.2.1:5061');
  await page.getByText('More choices').click();
  await accessible(page, 'an operator is added');
  await picture(page, 'add-operator');
  await page.getByRole('dialog').getByRole('button', { name: 'Add an operator' }).click();
  const row = page.getByRole('row', { name: 'carrier' });
  await row.getByText('192.0.2.1:5061').waitFor();
  await row.getByRole('button', { name: 'Change' }).click();
  await page.getByLabel('Sends calls to').fill('192.0.2.9');
  await page.keyboard.press('Enter');
  await row.getByText('192.0.2.9').waitFor();
  await row.getByRole('button', { name: 'Remove' }).click();
  await confirm(page, 'Remove');
  await page.getByText('No operator yet').waitFor();
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await row.waitFor();
  await picture(page, 'operators');
}

/** Whoever is banned appears on the open page by itself. */
async function liftsBan(page: Page) {
  await page.getByRole('link', { name: 'Bans' }).click();
  await page.getByText('Nobody is banned').waitFor();
  await want('scan');
  const row = page.getByRole('row', { name: '127.0.0.1' });
  await row.waitFor();
  await accessible(page, 'bans');
  await picture(page, 'bans');
  await row.getByRole('button', { name: 'Lift' }).click();
  await confirm(page, 'Lift');
  await page.getByText('Nobody is banned').waitFor();
}

/** The server refuses here, where there is no authority; what counts is that it is asked. */
async function renewsCertificate(page: Page) {
  await withTrouble(page);
  await go(page, 'Node');
  await page.getByText('for companies').waitFor();
  await page.getByText('for the provider').waitFor();
  const asked = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/acme.example/renew'));
  await page.getByRole('button', { name: 'Renew now' }).click();
  await asked;
  await accessible(page, 'a certificate that could not be had');
}

/** What the node may warn of, from short to long: as the server would tell this page of it. */
const WARNINGS = [
  { kind: 'in-clear', values: { transport: 'UDP', address: '0.0.0.0:5060' } },
  { kind: 'expires', values: { days: 12 } },
  {
    kind: 'certificate-not-read',
    values: {
      reason: {
        kind: 'file',
        values: { path: '/etc/alto/tls/fullchain-of-the-company.pem', said: 'No such file or directory' },
      },
    },
  },
  {
    kind: 'certificates-failed',
    values: {
      domain: 'acme.example',
      more: 2,
      reason: { kind: 'authority-dns', values: { said: 'NXDOMAIN' } },
    },
  },
  { kind: 'few-descriptors', values: { allowed: 4096, calls: 812, connections: 640, wanted: 34112 } },
  { kind: 'clock-forwards', values: { seconds: 5400, at: '2026-11-28T03:51:00.000000Z' } },
  { kind: 'store-full', values: { since: '2026-11-28T03:51:00.000000Z' } },
  { kind: 'calls-overload', values: { since: '2026-11-28T03:51:00.000000Z', requests: 12345 } },
];

/** In the reader's language, but for what somebody else said. */
async function readsWarnings(page: Page) {
  const status = await page.evaluate(async () => (await fetch('/api/v1/status')).json());
  await page.route('**/api/v1/status', (route) =>
    route.fulfill({ json: { ...status, warned_of: WARNINGS } }),
  );
  await go(page, 'Settings');
  await page.getByRole('radio', { name: 'Français' }).click();
  for (const name of ['Accueil', 'Nœud']) {
    await page.getByRole('navigation').first().getByRole('link', { name, exact: true }).click();
    const told = page.getByRole('region', { name: 'À surveiller' });
    await told.getByText('Le disque des données est plein').waitFor();
    check((await told.getByText(/12\s345/).count()) === 1, `${name}: numbers are not those of the reader`);
    const quoted = await told.locator('[lang=en]').allTextContents();
    check(quoted.join() === 'No such file or directory,NXDOMAIN', `${name}: in English: ${quoted.join()}`);
    await accessible(page, `${name}: warnings`);
    await picture(page, name === 'Nœud' ? 'warnings-node' : 'warnings-home', true);
    await fitsEverywhere(page, `${name}: warnings`);
  }
}

const page = await asProvider(browser);
await addsCompany(page);
await addsNumber(page);
await addsOperator(page);
await liftsBan(page);
await renewsCertificate(page);
await readsWarnings(page);
await walked(browser);
