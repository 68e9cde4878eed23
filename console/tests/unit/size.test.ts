import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const FIRST_PAGE_BYTES = 150 * 1024;
/** Home with the phone, which is fetched once the page is painted (Shell.svelte): JsSIP is most of it. */
const WITH_PHONE_BYTES = 200 * 1024;
const built = process.env.ALTO_CONSOLE ?? '../build/console';

/** What the browser fetches for a page: its script and all that it imports, their styles, and the letters of Latin. */
function needed(chunk: string, found: Set<string>) {
  if (found.has(chunk)) return;
  found.add(chunk);
  const text = readFileSync(join(built, 'assets', chunk), 'utf8');
  for (const [, name] of text.matchAll(/from"\.\/([^"]+\.js)"/g)) needed(name!, found);
}

/** What these parts and all that they import weigh, with the page's styles and letters; compressed. */
function weigh(parts: string[]): number {
  expect(existsSync(built), `${built} is there`).toBe(true);
  const all = readdirSync(join(built, 'assets'));
  const scripts = new Set<string>();
  for (const part of parts) {
    const chunks = all.filter((n) => n.startsWith(`${part}-`) && n.endsWith('.js'));
    expect(chunks.length, part).toBeGreaterThan(0);
    for (const name of chunks) needed(name, scripts);
  }
  const styles = all.filter((n) => n.endsWith('.css'));
  const fonts = all.filter((n) => /^inter-latin-wght-normal.*\.woff2$/.test(n));
  expect(fonts).toHaveLength(1);
  const size = (name: string) => {
    const path = join(built, 'assets', name);
    return statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size;
  };
  const bytes = [...scripts, ...styles, ...fonts]
    .map(size)
    .reduce((a, b) => a + b, statSync(join(built, 'index.html')).size);
  console.log(`${parts.join(' + ')}: ${(bytes / 1024).toFixed(1)} KiB in ${basename(built)}`);
  return bytes;
}

it('keeps the first page under 150 KiB', () => {
  expect(weigh(['index', 'Home'])).toBeLessThan(FIRST_PAGE_BYTES);
});

it('keeps it under 200 KiB with the phone that follows', () => {
  expect(weigh(['index', 'Home', 'Dock', 'engine'])).toBeLessThan(WITH_PHONE_BYTES);
});
