import { describe, expect, it } from 'vitest';
import type { Schema } from '../../src/lib/api/client';
import { attention, attentionOfNode, type Care } from '../../src/lib/attention';
import { aside } from '../../src/lib/aside.svelte';
import type { User } from '../../src/lib/company';
import { newPassword } from '../../src/lib/secret';
import { hasWords } from '../../src/lib/words';
import { hostOf } from '../../src/pages/trunks/trunk';

const company = { name: 'acme', lines: 2, calls: 0 } as Schema<'Tenant'>;
const person = (login: string, devices: number, registered: number) =>
  ({ login, name: login, role: 'user', devices, devices_registered: registered }) as User;
const care: Care = {
  numbers: [],
  refused: [],
  tokens: [],
  certificates: [],
  webhooks: [],
  issuers: [],
  code: true,
};
const said = (...given: Parameters<typeof attention>) => attention(...given).map((p) => p.text.slice(0, 20));

describe('what needs attention', () => {
  it('is nothing where all is well', () => {
    expect(attention(company, [person('anna', 1, 1)], care)).toEqual([]);
  });

  it('is a way to somewhere only for those who may go there', () => {
    const [seen] = attention({ ...company, calls: 2 }, []);
    expect(seen).toMatchObject({ tone: 'bad' });
    expect(seen!.href).toBeUndefined();
    expect(attention({ ...company, calls: 2 }, [], care)[0]!.href).toBe('/lines');
  });

  it('is nobody else’s phone for those who cannot do anything about it', () => {
    const people = [person('anna', 1, 0), person('bruno', 0, 0)];
    expect(attention(company, people)).toEqual([]);
    expect(attention(company, people, care)).toHaveLength(2);
  });

  it('names a person once, where it is worst', () => {
    const people = [person('anna', 1, 0), person('bruno', 0, 0), person('carla', 1, 0)];
    const numbers = [{ user: 'anna' }] as Care['numbers'];
    const texts = attention(company, people, { ...care, numbers }).map((p) => p.text);
    expect(texts.map((text) => people.filter((p) => text.includes(p.name)).map((p) => p.name))).toEqual([
      ['anna'],
      ['bruno'],
      ['carla'],
    ]);
  });

  it('is what ends soon, what was refused, and a password alone', () => {
    const now = Date.parse('2026-05-01');
    const tokens = [{ expires: '2026-05-10' }, { expires: '2026-06-10' }] as Care['tokens'];
    expect(
      said(company, [], { ...care, refused: [{ id: '1' }, { id: '2' }], tokens, code: false }, now),
    ).toEqual(['2 calls found all li', 'One token expires wi', 'Your login asks for ']);
  });

  it('is a certificate that is not renewed, a webhook that was switched off, a sign-in that fails', () => {
    const now = Date.parse('2026-05-01');
    const certificate = (state: string, expires: string) =>
      ({ domain: `${state}.example`, state, expires }) as Schema<'Certificate'>;
    const certificates = [
      certificate('failing', '2026-07-01'),
      certificate('held', '2026-05-05'), // renewed by itself
      certificate('waiting', '2026-04-30'),
      certificate('given', '2026-05-05'),
      certificate('given', '2027-05-05'),
    ];
    const webhooks = ['on', 'failed', 'off'].map((state) => ({ name: state, state }) as Schema<'Webhook'>);
    const issuers = [
      { name: 'A', state: 'on', trouble: 'no' },
      { name: 'B', state: 'on', trouble: null },
      { name: 'C', state: 'off', trouble: 'no' },
    ] as Schema<'Issuer'>[];
    const seen = attention(company, [], { ...care, certificates, webhooks, issuers }, now);
    expect(seen.map(({ tone, text }) => [tone, text])).toEqual([
      ['bad', expect.stringMatching(/failing\.example could not be renewed/)],
      ['bad', expect.stringMatching(/waiting\.example has expired/)],
      ['warn', expect.stringMatching(/given\.example ends/)],
      ['bad', expect.stringMatching(/webhook failed was switched off/)],
      ['bad', expect.stringMatching(/sign-in by A failed/)],
    ]);
    expect(seen.every((point) => point.href === '/settings' && !point.about)).toBe(true);
  });

  it('may be put away until it is about somebody else', () => {
    const of = (...people: User[]) => attention(company, people, care).map((p) => p.about);
    const anna = of(person('anna', 1, 0));
    expect(anna).toEqual([{ what: 'acme away', which: 'anna' }]);
    expect(of(person('anna', 1, 0))).toEqual(anna);
    expect(of(person('bruno', 1, 0), person('anna', 1, 0))).not.toEqual(anna);
    expect(attention({ ...company, calls: 2 }, [], care)[0]!.about).toBeUndefined();
    aside.put(anna[0]!);
    const others = of(person('bruno', 1, 0));
    expect([aside.has(anna[0]), aside.has(others[0]), aside.has(undefined)]).toEqual([true, false, false]);
    // Of each kind the last, and nobody's name on a computer that others use.
    aside.put(others[0]!);
    expect([aside.has(anna[0]), aside.has(others[0])]).toEqual([false, true]);
    expect(JSON.stringify({ ...localStorage })).not.toMatch(/anna|bruno/);
  });

  it('is about refused calls until there is another one', () => {
    const of = (...ids: string[]) =>
      attention(company, [], { ...care, refused: ids.map((id) => ({ id })) })[0]!.about;
    expect(of('1', '2')).toEqual(of('2'));
    expect(of('1', '2', '3')).not.toEqual(of('2'));
  });

  it('is for the provider a company that uses all it has', () => {
    const tenants = [
      { name: 'acme', lines: 1, calls: 1 },
      { name: 'free', lines: 0, calls: 9 },
    ] as Schema<'Tenant'>[];
    const warned_of = [{ kind: 'calls-stopping', values: {} }];
    const points = attentionOfNode({ warned_of } as unknown as Schema<'Status'>, tenants);
    expect(points.map((point) => point.text)).toEqual([
      'The server is shutting down: new calls are refused.',
      'All lines of acme are in use.',
    ]);
  });
});

it('makes passwords that are taken for no other', () => {
  expect(newPassword()).toMatch(/^[a-km-np-z2-9]{24}$/);
  expect(newPassword()).not.toBe(newPassword());
});

it('finds words in any order and case', () => {
  expect(hasWords('Anna Nowak 101', '101 ANNA')).toBe(true);
  expect(hasWords('Anna Nowak 101', ' ')).toBe(true);
  expect(hasWords('Anna Nowak 101', 'anna 102')).toBe(false);
});

it('writes a host with its port as the API takes it', () => {
  expect(hostOf({ host: 'sip.example', port: null })).toBe('sip.example');
  expect(hostOf({ host: 'sip.example', port: 5060 })).toBe('sip.example:5060');
  expect(hostOf({ host: '2001:db8::1', port: 5060 })).toBe('[2001:db8::1]:5060');
});
