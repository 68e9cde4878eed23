import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decision } from '../../src/lib/decisions';
import { dictionaries, type Key } from '../../src/lib/i18n/index.svelte';
import type { Schema } from '../../src/lib/api/client';

type Names = { schemas: Record<'DecisionKind' | 'DecisionWhy', { enum: string[] }> };

/** What the server may write, from where it says so: the API's document, and the table that the calls are told by. */
const { schemas } = (JSON.parse(readFileSync('../src/web/openapi.json', 'utf8')) as { components: Names })
  .components;
const table = readFileSync('../src/call/decision.c', 'utf8');
const english = Object.fromEntries(
  [...table.matchAll(/\[DECIDED_\w+\] = \{"([\w-]+)",\s*"([^"]*)"\}/g)].map(([, kind, text]) => [
    kind!,
    text!,
  ]),
);
const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
const said = (kind: string, values: Record<string, string> = {}, at_ms = 0) =>
  decision({ at_ms, kind, values } as Schema<'Decision'>);

describe('what was decided', () => {
  it('is known by the same kinds to the table and the document', () => {
    expect(Object.keys(english).sort()).toEqual([...schemas.DecisionKind.enum].sort());
    expect(schemas.DecisionKind.enum.length).toBeGreaterThan(50);
  });

  for (const [language, sentences] of Object.entries(dictionaries)) {
    it(`has a sentence for each kind, with the values that it comes with, in ${language}`, () => {
      for (const kind of schemas.DecisionKind.enum) {
        const sentence = sentences[`decision.${kind}` as Key] as string | undefined;
        const wanted = places(english[kind]!).filter((place) => place !== '{call}'); // a link beside it
        expect([kind, sentence && places(sentence)]).toEqual([kind, wanted]);
      }
    });

    it(`has words for each reason, in ${language}`, () => {
      const missing = schemas.DecisionWhy.enum.filter((why) => !(`not.${why}` in sentences));
      expect(missing).toEqual([]);
    });
  }

  it('is told in words, not in codes', () => {
    expect(said('calls', { from: '101', to: '102' })).toEqual({ at: '+0.000', text: '101 calls 102' });
    expect(said('ring', { device: 'desk phone' }, 1250)).toEqual({
      at: '+1.250',
      text: 'Calling phone “desk phone”',
    });
    expect(said('ring', { device: '' }).text).toBe('Calling a phone of the company called');
    expect(said('trunk-failed', { trunk: 'Orange', why: 'no-way' }).text).toBe(
      'It cannot go out by the operator “Orange”: no way leads there',
    );
    expect(said('ended', { cause: 'answered', by: 'caller' }).text).toBe('Answered: ended by the caller.');
    expect(said('transferred-by', { by: '102', call: 'c-1' })).toEqual({
      at: '+0.000',
      text: 'Transferred out of another call by 102',
      call: 'c-1',
    });
  });

  it('of a row of before is in the server’s own words', () => {
    expect(said('told', { text: 'ring device desk' }).text).toBe('ring device desk');
  });
});
