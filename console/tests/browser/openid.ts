/** An administrator connects the company's own sign-in, and somebody logs in with it, by the keyboard. */
import { accessible, check, login, open, picture, setting, settled, start, walked } from './browser.ts';
import { focused, go } from './steps.ts';

const browser = await start();
const company = setting('ALTO_COMPANY');
const page = await open(browser, company);
// The issuer's page would like a font of somebody else's.
await page.context().route(
  (url) => !['localhost', '127.0.0.1'].includes(url.hostname),
  (route) => route.fulfill({ contentType: 'text/css', body: '' }),
);

async function logout() {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  check(
    !(await page.getByRole('button', { name: 'Undo' }).count()),
    'the next person can undo what this one did',
  );
}

await login(page, 'dora@acme.example');
await go(page, 'Settings');
await page.getByRole('button', { name: 'Connect a sign-in' }).click();
const dialog = page.getByRole('dialog');
await dialog.getByText(setting('ALTO_REDIRECT')).waitFor();
await dialog.getByLabel('Name on the button').fill('Keycloak');
await dialog.getByLabel('Address of the issuer').fill('http://not.secret.example');
await dialog.getByLabel('Client ID').fill('alto');
await dialog.getByLabel('Client secret').fill('secret_of_a_test');
await dialog.getByRole('button', { name: 'Connect a sign-in' }).click();
await dialog.getByText('An address that begins with https:').waitFor();
await accessible(page, 'a sign-in that is refused');
await dialog.getByLabel('Address of the issuer').fill(setting('ALTO_ISSUER'));
await dialog.getByRole('button', { name: 'Connect a sign-in' }).click();
await page.getByRole('button', { name: 'Check', exact: true }).click();
await page.getByText('Keycloak answers as it should').waitFor();
await settled(page);
await accessible(page, 'a sign-in of the company');
await picture(page, 'sign-in', true);
// A change leaves the secret as it is.
await page.getByRole('button', { name: 'Change the sign-in' }).click();
await dialog.getByLabel('Name on the button').fill('Acme SSO');
await dialog.getByRole('button', { name: 'Save' }).click();
await page.getByRole('definition').getByText('Acme SSO').waitFor();
await logout();

// Who is typed is asked for by the company alone; the button is reached by the keyboard.
await page.getByLabel('Login').fill('anna@acme.example');
const away = page.getByRole('button', { name: 'Log in with Acme SSO' });
await away.waitFor();
await accessible(page, 'login at the company');
await picture(page, 'login-elsewhere');
await page.getByLabel('Login').focus();
for (let i = 0; i < 4; i++) await page.keyboard.press('Tab');
await focused(away);
await page.keyboard.press('Enter');
await page.waitForURL(`${setting('ALTO_ISSUER')}/interaction/*`);
await page.locator('input[name=login]').fill('anna');
await page.locator('input[name=password]').fill('any');
await page.keyboard.press('Enter');
await page.getByRole('button', { name: 'Continue' }).click();
await page.getByRole('heading', { name: 'Hello, Anna' }).waitFor();
check(page.url() === `${company}/`, `it stays at ${page.url()}`);
// The session is one as any other.
await page.reload();
await page.getByRole('heading', { name: 'Hello, Anna' }).waitFor();
await logout();

// Passwords are left to administrators: who types a login of the company is shown the one way, and they the other too.
await login(page, 'dora@acme.example');
await go(page, 'Settings');
await page.getByRole('button', { name: 'Change the sign-in' }).click();
await dialog.getByLabel('Passwords and passkeys').selectOption('For administrators only');
await dialog.getByRole('button', { name: 'Save' }).click();
await page.getByRole('definition').getByText('For administrators only').waitFor();
await logout();
const typed = page.getByLabel('Password');
await typed.waitFor();
await page.getByLabel('Login').fill('anna@acme.example');
await typed.waitFor({ state: 'detached' });
check(!(await page.getByRole('button', { name: 'passkey' }).count()), 'a passkey is offered that is refused');
await accessible(page, 'passwords are closed');
await picture(page, 'login-elsewhere-only');
await page.getByLabel('Login').fill('anna@acme.exampl');
await typed.waitFor();
await page.getByLabel('Login').fill('anna@acme.example');
await typed.waitFor({ state: 'detached' });
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: 'Hello, Anna' }).waitFor(); // the issuer knows her still
await logout();
await page.getByLabel('Login').fill('dora@acme.example');
await page.getByRole('button', { name: 'Administrators: another way' }).click();
await login(page, 'dora@acme.example');
await logout();

// Who is not let in there is told so, and is back at the form.
await page.goto(`${setting('ALTO_REDIRECT')}#error=access_denied&state=x`);
await page.getByText('did not let you in').waitFor();
check(!page.url().includes('#'), page.url());
await accessible(page, 'refused elsewhere');

await walked(browser);
