import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dictionaries, fill, type Key, type Text } from '../../src/lib/i18n/index.svelte';

const places = (text: Text) =>
  [...new Set((typeof text === 'string' ? text : text.one + text.other).match(/\{\w+\}/g) ?? [])].sort();

describe('dictionaries', () => {
  const { en, fr } = dictionaries;

  it('fill the same places in both languages', () => {
    for (const key of Object.keys(en) as Key[])
      expect([key, places(fr[key])]).toEqual([key, places(en[key])]);
  });

  it('count in both languages where one does', () => {
    for (const key of Object.keys(en) as Key[]) expect([key, typeof fr[key]]).toEqual([key, typeof en[key]]);
  });
});

/** Made of what the server says: `cause.${call.cause}`, word('cause', call.cause). */
const BEGUN = /`([\w.-]+\.)\$\{|(?:word|choices)\(\s*'([\w.-]+)'/g;

it('has no sentence that no page says', () => {
  const files = globSync('src/**/*.{ts,svelte}').filter(
    (name) => !/i18n.(en|fr)\.ts$|schema\.d\.ts$/.test(name),
  );
  const code = files.map((name) => readFileSync(name, 'utf8')).join('\n');
  const begun = [...code.matchAll(BEGUN)].map(([, whole, word]) => whole ?? `${word}.`);
  const said = (key: string) => code.includes(`'${key}'`) || begun.some((start) => key.startsWith(start));
  expect(Object.keys(dictionaries.en).filter((key) => !said(key))).toEqual([]);
});

describe('fill', () => {
  const text = { one: '{n} call', other: '{n} calls' };

  it('counts as the language does', () => {
    expect(fill('en', text, { n: 0 })).toBe('0 calls');
    expect(fill('fr', text, { n: 0 })).toBe('0 call');
    expect(fill('en', text, { n: 1 })).toBe('1 call');
  });

  it('leaves a place that has no value, and takes values as they are', () => {
    expect(fill('en', 'a {b} {c}', { b: '{c}' })).toBe('a {c} {c}');
  });
});
