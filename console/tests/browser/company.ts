/** An administrator looks after people, by the keyboard where that is harder than by a pointer. */
import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { accessible, check, login, open, picture, setting, start, walked } from './browser.ts';
import { asAdministrator, codeOf, confirm, elsewhere, focused, go, withTrouble } from './steps.ts';

const browser = await start();

async function wrongPassword() {
  const page = await open(browser, setting('ALTO_COMPANY'));
  await focused(page.getByLabel('Login'));
  await page.keyboard.type('dora@acme.example');
  await page.keyboard.press('Tab');
  await page.keyboard.type('not this one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await accessible(page, 'login, refused');
  await picture(page, 'login');
  await page.context().close();
}

/** A camera (zbar) finds in the picture where Linphone gets the account from: once. */
async function cameraReads(page: Page) {
  const code = await page.getByRole('img', { name: 'The account for Linphone, as a QR code' }).screenshot();
  const read = execFileSync('zbarimg', ['--quiet', '--raw', '--nodbus', '-'], {
    input: code,
    encoding: 'utf8',
  }).trim();
  const [server, transport, user, password] = await page
    .locator('dialog dd .mono, [role=dialog] dd .mono')
    .allTextContents();
  check(server && transport === 'TLS' && password, 'the lines for other phones are not all there');
  check(
    /^https:\/\/[^/]+\/api\/v1\/provisioning\/[0-9a-f-]{36}\.[\w-]{54}$/.test(read),
    `the QR code says ${read}`,
  );
  const path = new URL(read).pathname;
  const got = await page.evaluate(async (path) => (await fetch(path)).text(), path);
  check(got.includes(`<entry name="userid" overwrite="true">${user}</entry>`), `its file is ${got}`);
  check(!got.includes(password!), 'the password is in the file');
  const again = await page.evaluate(async (path) => (await fetch(path)).status, path);
  check(again === 404, `scanned once more it answers ${again}`);
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
  // Refused again, when the person is made already: what is corrected then counts, and what is given up is gone.
  const password = page.getByRole('textbox', { name: 'Password for this console' });
  const name = page.getByLabel('Name', { exact: true });
  await password.fill('short');
  await name.fill('Émile Zolla');
  await page.keyboard.press('Enter');
  await password.and(page.locator('[aria-invalid]')).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Émile Zolla' }).waitFor({ state: 'detached' });
  await button.click();
  await password.fill('short');
  await name.fill('Émile Zola');
  await page.keyboard.press('Enter');
  await password.and(page.locator('[aria-invalid]')).waitFor();
  await name.fill('Émile Zølá');
  await password.fill('');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Émile Zølá can be called now' }).waitFor();
  await accessible(page, 'the account');
  await picture(page, 'account');
  await cameraReads(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await focused(button);
  await page.getByRole('link', { name: 'Émile Zølá' }).click();
  await page.getByRole('heading', { name: 'Émile Zølá' }).waitFor();
}

/** What both changed is a question, what only one did is joined, and nothing is lost. */
async function changesPerson(page: Page) {
  const path = `/users/${new URL(page.url()).pathname.split('/').at(-1)}`;
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill('Émile Zola');
  await page.getByRole('combobox', { name: 'Role' }).selectOption('supervisor');
  await elsewhere(page, path, { name: 'E. Zola', extension: '333' });
  await page.keyboard.press('Enter');
  const question = page.getByRole('alert');
  await question.getByRole('row', { name: 'Name Émile Zola E. Zola' }).waitFor();
  check((await question.getByRole('row').count()) === 2, 'more is asked than the name');
  await accessible(page, 'two versions');
  await picture(page, 'two-versions');
  await question.getByRole('button', { name: 'Keep mine' }).click();
  await page.getByRole('heading', { name: 'Émile Zola' }).waitFor();
  const facts = page.getByRole('definition');
  await facts.getByText('333').waitFor();
  await facts.getByText('Supervisor').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('heading', { name: 'E. Zola' }).waitFor();
}

async function givesPassword(page: Page) {
  await page.getByRole('button', { name: 'New password' }).click();
  const password = page.getByRole('textbox', { name: 'New password' });
  await password.fill('short');
  await page.keyboard.press('Enter');
  await page.getByText('A password has 10').waitFor();
  await password.fill('long enough for it');
  await page.keyboard.press('Enter');
  await page.getByText('E. Zola has a new password').waitFor();
}

async function changesPhone(page: Page) {
  await page.getByRole('button', { name: 'Change the phone phone' }).click();
  await page.getByText('More choices').click();
  await page.getByRole('combobox', { name: 'Way through a router' }).selectOption('options');
  await page.getByLabel('What it is').fill('kitchen');
  await accessible(page, 'a phone is changed');
  await picture(page, 'edit-phone');
  await page.keyboard.press('Enter');
  await page.getByText('kitchen', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'New account for the phone kitchen' }).click();
  await page.getByRole('textbox', { name: 'User name' }).fill('zola-kitchen');
  await page.keyboard.press('Enter');
  await page.getByText('zola-kitchen').waitFor();
  await page.getByRole('button', { name: 'I have noted it' }).click();
}

/** A number rings somebody else, from either page, and rings whom it rang again. */
async function movesNumber(page: Page) {
  await page.getByRole('button', { name: 'Give a number' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Give a number' }).click();
  const numbers = page.getByRole('listitem').filter({ hasText: '+33140000101' });
  await numbers.waitFor();
  await picture(page, 'person', true);
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await numbers.waitFor({ state: 'detached' });
  await go(page, 'People');
  await page.getByRole('link', { name: 'Numbers' }).click();
  const row = page.getByRole('row', { name: '+33140000101' });
  await row.getByText('Anna Nowak').waitFor();
  await row.getByRole('button', { name: 'Ring somebody else' }).click();
  await page.getByRole('combobox', { name: 'Rings' }).selectOption('carla');
  await accessible(page, 'a number is moved');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Save' }).click();
  await row.getByText('Carla Jansen').waitFor();
}

async function removesPerson(page: Page) {
  await go(page, 'People');
  await page.getByRole('link', { name: 'E. Zola' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await accessible(page, 'a question');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await confirm(page, 'Remove');
  await page.getByRole('heading', { name: 'People' }).waitFor();
  await page.getByRole('link', { name: 'E. Zola' }).waitFor({ state: 'detached' });
}

/** Another browser of the same person is logged out by it too, without being touched. */
async function changesPassword(page: Page) {
  const other = await asAdministrator(browser);
  await go(page, 'Settings');
  await page.getByLabel('Present password').fill('not this one');
  const password = page.getByLabel('New password');
  await password.fill('battery staple horse');
  await page.getByText('Ten characters or more').waitFor();
  const reveal = page.getByRole('button', { name: 'Show what is typed' }).last();
  await reveal.click();
  const seen = [await password.getAttribute('type'), await password.inputValue()];
  check(seen.join() === 'text,battery staple horse', `revealed: ${seen.join()}`);
  await accessible(page, 'a password that is shown');
  await picture(page, 'password-shown');
  await reveal.click();
  check((await password.getAttribute('type')) === 'password', 'the password is still shown');
  await password.focus();
  await page.keyboard.press('Enter');
  await page.getByText('The login or the password is wrong.').waitFor();
  await page.getByLabel('Present password').fill(setting('ALTO_PASSWORD'));
  await page.keyboard.press('Enter');
  await page.getByText('Your password is changed').waitFor();
  await other.getByRole('heading', { name: 'Log in' }).waitFor();
  await other.context().close();
}

/** Nobody is at that address: the test says so, and the webhook too. */
async function addsWebhook(page: Page) {
  await go(page, 'Settings');
  await page.getByRole('button', { name: 'New webhook' }).click();
  await page.getByLabel('Name of the webhook').fill('CRM');
  await page.getByLabel('Address of your server').fill('https://127.0.0.1/');
  await page.keyboard.press('Enter');
  await page.getByText('not an address of the public Internet').waitFor();
  await page.getByLabel('Address of your server').fill('https://webhooks.invalid/');
  await page.getByLabel('A call begins').uncheck();
  await accessible(page, 'a new webhook');
  await page.keyboard.press('Enter');
  await page.getByText('The secret is shown once').waitFor();
  await accessible(page, 'a secret');
  await page.getByRole('button', { name: 'I have noted it' }).click();
  await page.getByRole('button', { name: 'Deliveries to CRM' }).click();
  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByText('Given up').waitFor();
  await accessible(page, 'deliveries');
  await picture(page, 'deliveries');
  await page.getByRole('button', { name: 'Try again now' }).click();
  await page.getByText('2 tries').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Fails since').waitFor();
}

/** Days that are no number make no token. */
async function addsToken(page: Page) {
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('backup');
  const days = page.getByRole('textbox', { name: 'Days until it expires' });
  for (const typed of ['abc', '']) {
    const refused = page.waitForResponse(
      (r) => r.request().method() === 'POST' && r.url().endsWith('/tokens'),
    );
    await days.fill(typed);
    await page.keyboard.press('Enter');
    check((await refused).status() === 400, `a token was made for "${typed}" days`);
    await days.and(page.locator('[aria-invalid]')).waitFor();
  }
  await days.fill('7');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'I have noted it' }).click();
}

/** What both changed is a question; switched off by one press, and on again by Undo. */
async function changesWebhook(page: Page) {
  const { items } = await page.evaluate(async () => (await fetch('/api/v1/webhooks')).json());
  await page.getByRole('button', { name: 'Change the webhook CRM' }).click();
  await page.getByLabel('Name of the webhook').fill('Help desk');
  await page.getByLabel('A call begins').check();
  await elsewhere(page, `/webhooks/${items[0].id}`, { name: 'Sales' });
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByRole('row', { name: 'Name of the webhook Help desk Sales' }).waitFor();
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await page.getByRole('button', { name: 'Switch Help desk off' }).click();
  await page.getByText('Help desk is switched off').waitFor();
  await page.getByRole('button', { name: 'Switch Help desk on' }).waitFor();
  await accessible(page, 'webhooks');
  await picture(page, 'webhooks');
  const said = page.getByText('Help desk is switched off').locator('..');
  await said.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Switch Help desk off' }).waitFor();
}

/** What was done above, in sentences; and of one thing alone. */
async function readsAudit(page: Page) {
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor();
  const told = page.getByRole('row');
  await told.getByText('Dora Óskarsdóttir removed E. Zola').waitFor();
  await told.getByText('Dora Óskarsdóttir changed their own password').waitFor();
  await told.getByText('role: Person → Supervisor').waitFor();
  // What changes nothing but the trail is seen as it happens, too.
  const guesser = await open(browser, setting('ALTO_COMPANY'));
  await guesser.getByLabel('Login').fill('anna@acme.example');
  await guesser.getByLabel('Password').fill('not this one');
  await guesser.keyboard.press('Enter');
  await told.filter({ hasText: 'Anna Nowak' }).filter({ hasText: 'failed' }).waitFor();
  await guesser.context().close();
  await page.getByRole('combobox', { name: 'Concerns' }).selectOption('webhook');
  await told.getByText('Dora Óskarsdóttir added the webhook CRM').waitFor();
  await told.getByText('removed E. Zola').waitFor({ state: 'detached' });
  await accessible(page, 'the audit trail');
  await page.getByRole('combobox', { name: 'Person' }).selectOption({ label: 'Carla Jansen' });
  await page.getByText('Nothing fits').waitFor();
  await page.getByRole('link', { name: 'Settings' }).last().click();
}

/** It lies beside the page, on a phone over room of its own, and goes by its button. */
async function closesToast(page: Page) {
  const said = page.getByRole('status').getByRole('button', { name: 'Close' });
  await page.getByRole('button', { name: 'Switch Help desk off' }).click();
  await said.last().waitFor();
  const beside = (await page.getByRole('main').boundingBox())!;
  const at = (await said.last().locator('..').boundingBox())!;
  check(at.x + at.width <= beside.x, 'what was done lies over the page');
  await picture(page, 'said');
  await page.setViewportSize({ width: 360, height: 780 });
  const room = await page.evaluate(() => parseFloat(getComputedStyle(document.body).paddingBottom));
  check(room > 40, `a page is ${room} px longer than what it shows`);
  await page.setViewportSize({ width: 1280, height: 720 });
  for (let n = await said.count(); n > 0; n--) await said.last().click();
  await said.waitFor({ state: 'detached' });
}

/** An app is shown its key, taken away, shown another one, and asked for at the next login. */
async function setsUpCode(page: Page) {
  const begin = async () => {
    await page.getByRole('button', { name: 'Set up a code app' }).click();
    return (await page.getByText(/^([A-Z2-7]{4} ?){8}$/).textContent())!.replaceAll(' ', '');
  };
  const type = async (code: string) => {
    await page.getByLabel('Code', { exact: true }).fill(code);
    await page.keyboard.press('Enter');
  };
  const first = await begin();
  await accessible(page, 'a code app is set up');
  await picture(page, 'code-app');
  await type('000000');
  await page.getByText('This code is wrong').waitFor();
  await type(codeOf(first));
  await page.getByText('In use', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Remove the code app' }).click();
  await type(codeOf(first, 1));
  await page.getByText('Not in use').waitFor();
  const second = await begin();
  await type(codeOf(second));
  await page.getByText('In use', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await login(page, 'dora@acme.example', 'battery staple horse', codeOf(second, 1));
}

/** What she cannot change now is out of her sight until it is another, and what is worse cannot be. */
async function putsAway(page: Page) {
  await withTrouble(page);
  await go(page, 'Home');
  const list = page.getByRole('region', { name: 'What needs attention' });
  const phones = list.getByRole('listitem').filter({ hasText: 'No phone of' });
  await list.getByText('acme.example could not be renewed').waitFor();
  await accessible(page, 'home with warnings');
  await picture(page, 'home-warnings');
  const before = await phones.count();
  check(before, 'nothing is said of phones that are off');
  await phones.first().getByRole('button', { name: 'Put away' }).click();
  await page.reload();
  await list.getByText('acme.example could not be renewed').waitFor();
  check((await phones.count()) === before - 1, 'what was put away is there again');
  await list.getByRole('button', { name: 'Show 1 that was put away' }).click();
  check((await phones.count()) === before, 'what was put away does not come back');
  check(
    !(await list.getByRole('listitem').filter({ hasText: 'renewed' }).getByRole('button').count()),
    'a certificate that fails can be put away',
  );
}

/** Why there is no certificate she may know; to ask the authority again is the provider's. */
async function seesCertificate(page: Page) {
  await withTrouble(page);
  await go(page, 'Settings');
  await page.getByText('no such name').waitFor();
  check(!(await page.getByText('Renew now').count()), 'the certificate can be renewed');
  // It has been had meanwhile: seen without loading the page anew.
  await page.unroute('**/api/v1/certificates*');
  await page.getByText('no such name').waitFor({ state: 'detached' });
  await page.goto(`${setting('ALTO_COMPANY')}/node`);
  await page.getByRole('navigation').first().waitFor();
  await page.getByText('There is nothing here').waitFor();
  check(!(await page.getByText('Renew now').count()), 'the certificate can be renewed');
}

await wrongPassword();
const page = await asAdministrator(browser);
await addsPerson(page);
await changesPerson(page);
await givesPassword(page);
await changesPhone(page);
await movesNumber(page);
await removesPerson(page);
await changesPassword(page);
await addsWebhook(page);
await changesWebhook(page);
await addsToken(page);
await closesToast(page);
await readsAudit(page);
await setsUpCode(page);
await putsAway(page);
await seesCertificate(page);
await walked(browser);
