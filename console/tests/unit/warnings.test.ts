import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Schema } from '../../src/lib/api/client';
import { moment } from '../../src/lib/format';
import { dictionaries, i18n, type Key, type Text } from '../../src/lib/i18n/index.svelte';
import { said } from '../../src/lib/warnings';

/** What the server may warn of, from where it says so: the API's document, and the table of kinds. */
const document = JSON.parse(readFileSync('../src/web/openapi.json', 'utf8')) as {
  components: { schemas: { WarningKind: { enum: string[] } } };
};
const known = document.components.schemas.WarningKind.enum;
const table = readFileSync('../src/base/warning.c', 'utf8');
const english = Object.fromEntries(
  [...table.matchAll(/\[WARNING_\w+\] =\s*\{"([\w-]+)",\s*((?:"[^"]*"\s*)+)\}/g)].map(([, kind, text]) => [
    kind!,
    text!,
  ]),
);
const places = (text: Text) =>
  [
    ...new Set(
      [...(typeof text === 'string' ? text : text.one + text.other).matchAll(/\{(\w+)/g)].map(
        ([, name]) => name!,
      ),
    ),
  ].sort();
const warning = (kind: string, values: object = {}) => ({ kind, values }) as Schema<'Warning'>;

describe('what the node warns of', () => {
  it('is known by the same kinds to the table and the document', () => {
    expect(Object.keys(english).sort()).toEqual([...known, 'none'].sort());
    expect(known.length).toBeGreaterThan(60);
  });

  for (const [language, sentences] of Object.entries(dictionaries))
    it(`has a sentence for each kind, with the values that it comes with, in ${language}`, () => {
      for (const kind of known) {
        const sentence = sentences[`warning.${kind}` as Key] as Text | undefined;
        const wanted = places(english[kind]!).filter((name) => name !== 'said'); // quoted beside it
        expect([kind, sentence && places(sentence)]).toEqual([kind, wanted]);
      }
    });

  it('is told with numbers and times as the reader writes them', () => {
    const since = '2026-11-28T03:51:00.000000Z';
    i18n.choose('fr');
    expect(said(warning('calls-overload', { since, requests: 12345 })).text).toBe(
      `Il en arrive plus que ce serveur ne peut traiter. Nouvelles demandes refusées depuis le ${moment(since)} : ` +
        `${(12345).toLocaleString('fr')}. Regardez qui les envoie, ou répartissez-les sur plus de serveurs.`,
    );
    expect(said(warning('expires', { days: 1 })).text).toBe('Le certificat expire dans 1 jour.');
    i18n.choose('en');
    expect(said(warning('expires', { days: 12 })).text).toBe('The certificate expires in 12 days.');
  });

  it('has its reason within it, and the words of others beside it', () => {
    const file = warning('file', { path: '/etc/a.crt', said: 'No such file or directory' });
    expect(said(warning('certificate-not-read', { reason: file }))).toEqual({
      text: 'The certificate was not read anew, the old one is in use: /etc/a.crt cannot be used.',
      quote: 'No such file or directory',
    });
    const reason = warning('authority-bad-certificate', { reason: warning('no-key', { path: 'a.example' }) });
    expect(said(warning('certificates-failed', { domain: 'a.example', more: 2, reason }))).toEqual({
      text:
        'The certificate for a.example, and so it is with 2 more: the authority’s certificate cannot be used: ' +
        'a.example has no private key in PEM form without a passphrase.',
      quote: undefined,
    });
  });
});
