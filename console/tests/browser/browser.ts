/** The browser of the tests, and what every page of it must hold to. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { chromium, type Browser, type BrowserContextOptions, type Page, type Request } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
export const PATIENCE_MS = 30_000;

export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: this is started by tests/scenario/test_pages.py`);
  return value;
}

const pictures = setting('ALTO_SCREENSHOTS');
mkdirSync(pictures, { recursive: true });
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Has the test's other half do what happens beside the browser. */
export async function want(wish: string) {
  console.log(`want: ${wish}`);
  const { value } = await answers.next();
  if (value !== 'done') throw new Error(`no "${wish}"`);
}

/** more: arguments of its own; without: those of Playwright's that it does without. */
export function start(more: string[] = [], without: string[] = []): Promise<Browser> {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
  if (!executablePath) throw new Error('there is no chromium: make setup');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...more],
    ignoreDefaultArgs: without,
  });
}

/** Whatever a page complains of, the content security policy's refusals included. */
const complaints: string[] = [];
/** While the server is away, and after an answer that the test wants, the browser's own complaint of it is no fault. */
const EXPECTED =
  /ERR_CONNECTION_|ERR_INTERNET_DISCONNECTED|ERR_CONTENT_LENGTH_MISMATCH|ERR_EMPTY_RESPONSE|WebSocket connection to|the server responded with a status of (400|401|404|409|412|429|503)/;

/** Has it heard what the page complains of, and what it has asked and was not answered yet. */
export function watch(page: Page) {
  page.on('console', (m) => m.type() === 'error' && !EXPECTED.test(m.text()) && complaints.push(m.text()));
  const under = new Set<Request>();
  page.on('request', (request) => under.add(request));
  for (const over of ['requestfinished', 'requestfailed'] as const)
    page.on(over as 'requestfinished', (request) => under.delete(request));
  underWay.set(page, under);
  page.on('pageerror', (e) => complaints.push(String(e)));
}

export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  // What the policy forbids to others it would forbid to axe and Playwright too, which do not go through the page.
  const context = await browser.newContext({
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  watch(page);
  await page.goto(url);
  return page;
}

const underWay = new WeakMap<Page, Set<Request>>();

/** Until the page has a name and has been answered all that it asked. */
export async function settled(page: Page) {
  await page.locator('h1').waitFor();
  do {
    const [request] = underWay.get(page)!;
    await request?.response().then((answer) => answer?.finished());
    await page.evaluate(() => new Promise(requestAnimationFrame));
  } while (underWay.get(page)!.size);
}

/** code: of the person's app, which is asked for once the password was right. */
export async function login(page: Page, name: string, password = setting('ALTO_PASSWORD'), code?: string) {
  await page.getByLabel(/^(Login|Identifiant)$/).fill(name);
  await page.getByLabel(/^(Password|Mot de passe)$/).fill(password);
  await page.keyboard.press('Enter');
  if (code) {
    await page.getByLabel('Code', { exact: true }).fill(code);
    await page.keyboard.press('Enter');
  }
  await page.getByRole('navigation').first().waitFor();
}

/** WCAG 2.2 AA, as far as a program can tell. */
export async function accessible(page: Page, where: string) {
  await page.evaluate(axe);
  const found = await page.evaluate(async (tags) => {
    // @ts-expect-error axe is there since the line before
    const { violations } = await axe.run(document, { runOnly: tags });
    return violations.flatMap(
      (v: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }) =>
        v.nodes.map((n) => `${v.id}: ${v.help}: ${n.html}: ${n.failureSummary}`),
    );
  }, TAGS);
  if (found.length) throw new Error(`${where}:\n${found.join('\n')}`);
}

export async function picture(page: Page, name: string, fullPage = false) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage });
}

/** The end of a walk: no page complained. */
export async function walked(browser: Browser): Promise<never> {
  await browser.close();
  if (complaints.length) throw new Error(`the pages complained:\n${complaints.join('\n')}`);
  console.log('walked');
  process.exit(0);
}

export function check(holds: unknown, what: string) {
  if (!holds) throw new Error(what);
}
