/** A person makes passkeys, logs in with them, renames and removes them: with Chromium's virtual authenticator. */
import { accessible, check, login, open, setting, settled, start, walked, want } from './browser.ts';

const browser = await start(['--host-resolver-rules=MAP alto.example 127.0.0.1']);
const page = await open(browser, setting('ALTO_COMPANY'));
const cdp = await page.context().newCDPSession(page);
await cdp.send('WebAuthn.enable');

const { authenticatorId: first } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
  options: {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  },
});

async function add(name: string) {
  await page.getByRole('button', { name: 'New passkey' }).click();
  await page.getByLabel('Name of the passkey').fill(name);
  await accessible(page, 'a new passkey');
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.getByRole('cell', { name }).waitFor();
}

async function logout() {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
}

async function withPasskey() {
  await page.getByRole('button', { name: 'Log in with a passkey' }).click();
}

async function settings() {
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await settled(page);
}

await login(page, 'dora@acme.example');
await settings();
await add('Laptop');
await accessible(page, 'passkeys');

// The device has one already, and says so.
await page.getByRole('button', { name: 'New passkey' }).click();
await page.getByLabel('Name of the passkey').fill('Again');
await page.getByRole('button', { name: 'Keep it' }).click();
await page.getByText('This device has a passkey for you already.').waitFor();
await page.keyboard.press('Escape');

// A finger is enough, and it counts.
await logout();
await accessible(page, 'login with passkeys');
await withPasskey();
await page.getByRole('navigation').waitFor();
const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: first });
check(credentials.length === 1 && credentials[0]!.isResidentCredential, 'no passkey was made');
check(credentials[0]!.rpId === 'alto.example', 'it is of another host');

// A copy that has not counted on is refused; so is one that was never registered.
await logout();
const [copied] = credentials;
await cdp.send('WebAuthn.clearCredentials', { authenticatorId: first });
await cdp.send('WebAuthn.addCredential', {
  authenticatorId: first,
  credential: { ...copied!, signCount: 0 },
});
await withPasskey();
await page.getByText('This passkey is not known here').waitFor();
await cdp.send('WebAuthn.clearCredentials', { authenticatorId: first });
await cdp.send('WebAuthn.addCredential', {
  authenticatorId: first,
  credential: { ...copied!, credentialId: btoa('another passkey!'), signCount: 1000 },
});
await withPasskey();
await page.getByText('This passkey is not known here').waitFor();

// With the password typed it is only touched, and stands in the place of a code: the password must be right.
await cdp.send('WebAuthn.clearCredentials', { authenticatorId: first });
await cdp.send('WebAuthn.addCredential', {
  authenticatorId: first,
  credential: { ...copied!, signCount: 1000 },
});
await page.getByLabel('Password').fill('not this one');
await withPasskey();
await page.getByText('The login or the password is wrong.').waitFor();
await page.getByLabel('Password').fill(setting('ALTO_PASSWORD'));
await withPasskey();
await page.getByRole('navigation').waitFor();

await settings();
await page.getByRole('button', { name: 'Rename' }).click();
await page.getByLabel('Name of the passkey').fill('Old laptop');
await page.getByRole('button', { name: 'Keep it' }).click();
await page.getByRole('row', { name: 'Old laptop' }).getByRole('button', { name: 'Remove' }).click();
await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
await page.getByText('No passkeys').waitFor();
await add('Second');

// An admin's new password takes the passkeys with it.
await want('new password');
await page.getByRole('heading', { name: 'Log in' }).waitFor();
await withPasskey();
await page.getByText('This passkey is not known here').waitFor();

await walked(browser);
