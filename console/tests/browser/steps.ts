/** Steps that several walks share. */
import { createHmac } from 'node:crypto';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { accessible, check, login, open, PATIENCE_MS, picture, setting, settled } from './browser.ts';

export async function go(page: Page, name: string) {
  await page.getByRole('navigation').first().getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: name === 'Home' ? 'Hello, ' : name }).waitFor();
}

export async function focused(field: Locator) {
  await field.and(field.page().locator(':focus')).waitFor();
}

export async function asAdministrator(browser: Browser): Promise<Page> {
  const page = await open(browser, setting('ALTO_COMPANY'));
  await login(page, 'dora@acme.example');
  return page;
}

export async function asProvider(browser: Browser): Promise<Page> {
  const page = await open(browser, setting('ALTO_PROVIDER'));
  await login(page, 'paul@acme.example');
  return page;
}

export async function asAuditor(browser: Browser): Promise<Page> {
  const page = await open(browser, setting('ALTO_COMPANY'));
  await login(page, 'olga@acme.example');
  return page;
}

/** Answers yes to what is asked before something is destroyed. */
export async function confirm(page: Page, button: string) {
  await page.getByRole('alertdialog').getByRole('button', { name: button }).click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
}

/** Somebody else changes something, of whom this page knows nothing. */
export async function elsewhere(page: Page, path: string, change: object) {
  const status = await page.evaluate(
    async ([to, body]) => {
      const { csrf } = await (await fetch('/api/v1/session')).json();
      const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf };
      return (await fetch(`/api/v1${to}`, { method: 'PATCH', headers, body })).status;
    },
    [path, JSON.stringify(change)] as const,
  );
  check(status === 200, `${path} was not changed: ${status}`);
}

/** A certificate that an authority gives, and did not: as the server would tell this page of it. */
export async function withTrouble(page: Page) {
  const one = {
    domain: 'acme.example',
    tenant: 'acme',
    fits: false,
    self_signed: true,
    issuer: 'Alto',
    fingerprint: 'AB',
    begins: '2026-01-01T00:00:00.000000Z',
    expires: '2027-01-01T00:00:00.000000Z',
    state: 'failing',
    next: '2026-12-01T00:00:00.000000Z',
    failures: 1,
    trouble: 'the authority says: no such name - let its A or AAAA record point to this server',
    reason: { kind: 'authority-dns', values: { said: 'no such name' } },
  };
  await page.route('**/api/v1/certificates*', (route) =>
    route.fulfill({ json: { items: [one], next: null } }),
  );
}

/** What an app shows that has the secret (RFC 6238), some steps later. */
export function codeOf(secret: string, later = 0): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((c) => letters.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac('sha1', key).update(step).digest();
  const at = mac[19]! & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** As a link to it does. */
async function visit(page: Page, path: string) {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await settled(page);
}

/** That the page itself and its cards cut nothing off at their edge; on a phone also with a long name in each row. */
async function fits(page: Page, where: string) {
  const wide = await page.evaluate(() => {
    for (const cell of innerWidth < 700 ? document.querySelectorAll('.card td:not(:empty)') : []) {
      const text = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode() as Text | null;
      const breaks = text && getComputedStyle(text.parentElement!).whiteSpace !== 'nowrap';
      if (breaks && text.data.trim()) text.data += 'W'.repeat(40);
    }
    const narrow = [document.documentElement, ...document.querySelectorAll('.card')];
    const over = narrow.findLast((e) => e.scrollWidth > e.clientWidth);
    const edge = over && over.getBoundingClientRect().left + over.clientWidth + 1;
    const beyond = [...(over?.querySelectorAll('*') ?? [])].findLast(
      (e) => e.getBoundingClientRect().right > edge!,
    );
    return over && `${over.tagName} is ${over.scrollWidth - over.clientWidth} px wider: ${beyond?.outerHTML}`;
  });
  check(!wide, `${where} does not fit ${page.viewportSize()!.width} px: ${wide}`);
}

/** That what is listed is named whole: neither a name nor the number behind it is cut. */
async function whole(page: Page, where: string) {
  const cut = await page.locator('main li').evaluateAll((all) =>
    all
      .flatMap((item) => [item, ...item.querySelectorAll('*')])
      .filter((e) => getComputedStyle(e).textOverflow === 'ellipsis' && e.scrollWidth > e.clientWidth)
      .map((e) => e.textContent?.trim()),
  );
  check(!cut.length, `${where}: cut at ${page.viewportSize()!.width} px: ${cut.join(', ')}`);
}

/** Headings of cards begin where those above and beneath begin. */
async function headed(page: Page, where: string) {
  const begins = await page
    .locator('main .card > header h2')
    .evaluateAll((all) =>
      all.map((h) => h.getBoundingClientRect().left - h.closest('.card')!.getBoundingClientRect().left),
    );
  check(new Set(begins.map(Math.round)).size <= 1, `${where}: headings begin at ${begins.join(', ')} px`);
}

/** A tablet upright, a narrow window beside another, and the narrowest that WCAG 2.2 wants read without scrolling (1.4.10). */
const WIDTHS = [768, 720, 320];

/** Whether the page fits at these widths too: nothing that one could press lies beyond its card or the window. */
export async function fitsEverywhere(page: Page, where: string) {
  const { width, height } = page.viewportSize()!;
  for (const narrow of WIDTHS) {
    await page.setViewportSize({ width: narrow, height });
    await fits(page, where);
  }
  await page.setViewportSize({ width, height });
}

/** Every page of the menu and those beside them, in each language and each theme, and on a phone. */
export async function everyPage(page: Page, who: string, least = 6) {
  const looks = [
    { language: 'English', colorScheme: 'light', width: 1280, height: 800 },
    { language: 'Français', colorScheme: 'dark', width: 360, height: 780 },
  ] as const;
  for (const { language, colorScheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    await visit(page, '/settings');
    await page.getByRole('radio', { name: language }).click();
    // Grows while it is walked: a page names those beside it.
    const paths = new Set(['/']);
    for (const path of paths) {
      await visit(page, path);
      for (const link of await page.getByRole('navigation').getByRole('link').all())
        paths.add((await link.getAttribute('href'))!);
      const name = path.slice(1) || 'home';
      await picture(page, `${who}-${name}-${colorScheme}`);
      await accessible(page, `${who}: ${name}, ${language}, ${colorScheme}`);
      await whole(page, `${who}: ${name}, ${language}`);
      await headed(page, `${who}: ${name}, ${language}`);
      await fits(page, `${who}: ${name}, ${language}`);
      await fitsEverywhere(page, `${who}: ${name}, ${language}`);
    }
    check(paths.size >= least, `only ${paths.size} pages were found`);
  }
}

/** What somebody might get into a page by a name or a message does not run there, whatever way it takes. */
export async function nothingForeignRuns(context: BrowserContext) {
  // A page of its own: what is refused is a complaint elsewhere.
  const page = await context.newPage();
  await page.goto(setting('ALTO_COMPANY'));
  await page.locator('h1').waitFor();
  const ran = await page.evaluate(async (patience) => {
    const run = 'document.documentElement.dataset.ran = "yes"';
    const script = (members: object) => Object.assign(document.createElement('script'), members);
    const place = document.createElement('div');
    const ways: [directive: string, put: () => void][] = [
      ['script-src-elem', () => document.body.append(script({ textContent: run }))],
      ['script-src-elem', () => document.body.append(script({ src: `data:text/javascript,${run}` }))],
      ['script-src-elem', () => document.body.append(script({ src: 'https://127.0.0.1:9/foreign.js' }))],
      ['script-src-attr', () => (place.innerHTML = `<img src="data:," onerror='${run}'>`)],
      ['script-src', () => void setTimeout(run)],
      ['frame-src', () => (place.innerHTML = '<iframe src="https://127.0.0.1:9/"></iframe>')],
    ];
    document.body.append(place);
    for (const [directive, put] of ways) {
      const refused = new Promise<string>((resolve) => {
        addEventListener('securitypolicyviolation', (e) => resolve(e.effectiveDirective), { once: true });
        setTimeout(() => resolve('nothing'), patience);
      });
      put();
      const by = await refused;
      if (by !== directive) return `${directive} was refused as ${by}`;
    }
    return document.documentElement.dataset.ran ?? 'no';
  }, PATIENCE_MS);
  check(ran === 'no', `a foreign script ran: ${ran}`);
  await page.close();
}
