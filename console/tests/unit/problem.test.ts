import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Problem } from '../../src/lib/api/client';
import { dictionaries, i18n } from '../../src/lib/i18n/index.svelte';
import { tell } from '../../src/lib/problem';

/** What the server may refuse with, from where it says so. */
const { schemas } = (
  JSON.parse(readFileSync('../src/web/openapi.json', 'utf8')) as {
    components: {
      schemas: {
        ProblemCode: { oneOf: { const: string }[] };
        Ban: { properties: { reason: { enum: string[] } } };
      };
    };
  }
).components;
/** As the server says them; the document lists the same. */
const reasons = [
  ...readFileSync('../src/transport/bans.c', 'utf8').matchAll(/\[BAN_\w+\] = REASON\("(\w+)"/g),
].map((found) => found[1]!);
const codes = schemas.ProblemCode.oneOf.map((one) => one.const);
const sources = readdirSync('../src/web')
  .filter((name) => name.endsWith('.c'))
  .map((name) => readFileSync(`../src/web/${name}`, 'utf8'));

/** Chosen from a list, or made by the page and the browser: nobody types them. */
const CHOSEN =
  'tenant user role digest srtp keepalive transport flow state passwords access delivery company secret'.split(
    ' ',
  );
const CODED = /base64url|browser came back with|user name that this resource gave/;

/** Each table of fields: the resource whose it is, and those of its fields that somebody types. */
function typed(): [schema: string, field: string][] {
  return sources.flatMap((source) => {
    const schema = new Map(
      [...source.matchAll(/BODY\("(\w+)", (\w+)\)|\.schema = "(\w+)", \.fields = (\w+)/g)].map((m) => [
        m[2] ?? m[4]!,
        m[1] ?? m[3]!,
      ]),
    );
    const tables = source.matchAll(/struct web_field (\w+)\[\] = \{\n([\s\S]*?)\n\};/g);
    return [...tables].flatMap(([, name, rows]) =>
      rows!
        .split(/\n\t(?=\{|[A-Z]+_FIELD)/)
        .filter((row) => !CODED.test(row))
        .map(
          (row) =>
            /TEXT_FIELD\(\w+, (\w+)/.exec(row)?.[1] ??
            /\.name = "(\w+)"/.exec(row)?.[1] ??
            (row.includes('NAME_FIELD') ? 'name' : 'tenant'),
        )
        .filter((field) => !CHOSEN.includes(field))
        .map((field): [string, string] => [schema.get(name!)!, field]),
    );
  });
}

/** Fields that are refused elsewhere than in a table: "beyond" what a table can say. */
const beyond = sources.flatMap((source) =>
  [...source.matchAll(/WEB_INVALID_FIELD,([^,]*),/g)].flatMap(([, given]) =>
    [...given!.matchAll(/"(\w+)"/g)].map((m) => m[1]!),
  ),
);

const refusal = (code: string, field?: string, schema?: string) =>
  new Problem(400, code, 'in English', field, schema);

describe('a refusal', () => {
  afterEach(() => void (i18n.language = 'en'));

  for (const [language, sentences] of Object.entries(dictionaries)) {
    it(`has a sentence for each code, and each reason of a ban, in ${language}`, () => {
      expect(codes.length).toBeGreaterThan(50);
      expect(codes.filter((code) => !(`problem.${code}` in sentences))).toEqual([]);
      expect(reasons).toEqual(schemas.Ban.properties.reason.enum);
      expect(reasons.filter((reason) => !(`ban.why.${reason}` in sentences))).toEqual([]);
    });

    it(`has a sentence for each field that somebody types, in ${language}`, () => {
      const fields = typed();
      expect(fields.length).toBeGreaterThan(30);
      expect(fields).toContainEqual(['User', 'extension']);
      expect(fields).toContainEqual(['Session', 'code']);
      const missing = fields.filter(
        ([schema, field]) => !(`invalid.${schema}.${field}` in sentences || `invalid.${field}` in sentences),
      );
      expect(missing).toEqual([]);
      expect([...new Set(beyond)].sort()).toEqual(['days', 'lines', 'listener', 'role', 'srtp', 'transport']);
      expect(beyond.filter((field) => !(`invalid.beyond.${field}` in sentences))).toEqual([]);
    });
  }

  it('is told by the resource whose rule was broken, then by the field, then by the code', () => {
    i18n.language = 'fr';
    expect(tell(refusal('invalid-field', 'login', 'Session'))).toContain('anna@acme.example');
    expect(tell(refusal('invalid-field', 'name', 'User'))).toBe(dictionaries.fr['invalid.name']);
    expect(tell(refusal('invalid-field', 'lines'))).toBe(dictionaries.fr['invalid.beyond.lines']);
    expect(tell(refusal('invalid-field', 'digest', 'Device'))).toBe(dictionaries.fr['problem.invalid-field']);
    expect(tell(refusal('unknown-user', 'user'))).toBe('Cette personne n’est plus là.');
    expect(tell(refusal('invalid-parameter', 'from'))).toContain('400 jours');
    expect(tell(refusal('invalid-parameter', 'limit'))).toMatch(/ : limit\.$/);
    expect(tell(refusal('a-code-of-later'))).toBe('In English');
  });
});
