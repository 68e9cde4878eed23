/** Every page as each language, theme and width shows it. */
import { picture, start, walked } from './browser.ts';
import {
  asAdministrator,
  asAuditor,
  asProvider,
  everyPage,
  fitsEverywhere,
  nothingForeignRuns,
} from './steps.ts';

const browser = await start();
const administrator = await asAdministrator(browser);
await everyPage(administrator, 'admin');
await administrator.getByRole('button', { name: 'Se déconnecter' }).click();
await administrator.getByRole('heading', { name: 'Connexion' }).waitFor();
await picture(administrator, 'login-phone');
await fitsEverywhere(administrator, 'login');
await everyPage(await asAuditor(browser), 'auditor', 5);
await everyPage(await asProvider(browser), 'provider');
await nothingForeignRuns(administrator.context());
await walked(browser);
