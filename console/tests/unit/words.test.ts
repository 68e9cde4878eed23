import { describe, expect, it } from 'vitest';
import { hasWords } from '../../src/lib/words';

describe('words', () => {
  it('are found in any case and order, with their accents or without', () => {
    for (const sought of [
      '',
      ' ',
      'LEFEVRE',
      'Lefèvre',
      'lefe\u0300vre',
      'weiss zoe',
      ' zoë ',
      'lukasz',
      'soren',
    ])
      expect(hasWords('Zoë Lefèvre-Weiß Łukasz Søren', sought)).toBe(true);
    for (const sought of ['x', 'lefevre x']) expect(hasWords('Zoë Lefèvre', sought)).toBe(false);
  });
});
