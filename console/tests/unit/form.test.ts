import { expect, it } from 'vitest';
import { numberTyped } from '../../src/lib/ui/form.svelte';
import { bodyOf } from '../../src/pages/tenants/tenant';

it('sends a number as one, and all else as it was typed', () => {
  expect(['90', 'abc', '9 0', '-1', ''].map(numberTyped)).toEqual([90, 'abc', '9 0', '-1', '']);
  expect(bodyOf({ lines_bought: '' })).toEqual({ lines_bought: 0 });
  expect(bodyOf({ lines_bought: 'many' })).toEqual({ lines_bought: 'many' });
});
