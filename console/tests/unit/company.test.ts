import { describe, expect, it } from 'vitest';
import { provisioningUrl, registrarOf } from '../../src/lib/account';
import type { Schema } from '../../src/lib/api/client';
import {
  byName,
  loginFor,
  meant,
  nextExtension,
  presence,
  reachableFirst,
  type User,
} from '../../src/lib/company';
import { duration, initials, instant, moment } from '../../src/lib/format';
import { i18n } from '../../src/lib/i18n/index.svelte';

const user = { tenant: 'acme', login: 'anna', devices: 1, devices_registered: 1, busy: false } as User;
describe('presence', () => {
  it('says whether a call would be welcome', () => {
    expect(presence(user)).toBe('here');
    expect(presence({ ...user, busy: true })).toBe('calling');
    expect(presence({ ...user, devices_registered: 0 })).toBe('away');
  });

  it('has those first who can be called, and leaves their order', () => {
    const people = [0, 1, 0, 2].map((devices_registered, n) => ({
      ...user,
      login: `${n}`,
      devices_registered,
    }));
    expect(reachableFirst(people).map((u) => u.login)).toEqual(['1', '3', '0', '2']);
  });
});

describe('a list of people', () => {
  it('is by name, whatever its letters', () => {
    const names = ['Zoë', 'anna', 'Émile', 'Øyvind 10', 'Øyvind 9', 'Bruno'];
    expect(byName(names.map((name) => ({ name }))).map((u) => u.name)).toEqual([
      'anna',
      'Bruno',
      'Émile',
      'Øyvind 9',
      'Øyvind 10',
      'Zoë',
    ]);
  });
});

describe('who is meant', () => {
  const people = [
    { ...user, name: 'Bruno Lefèvre', extension: '102' },
    { ...user, name: 'Łukasz Weiß', extension: '103' },
    { ...user, name: 'Carla Weiß', extension: '104' },
    { ...user, name: 'Studio 7', extension: '105' },
  ];
  it('is who has the extension or the name, or alone has the words', () => {
    for (const [typed, extension] of [
      ['102', '102'],
      ['bruno', '102'],
      ['lefevre bruno', '102'],
      ['carla weiss', '104'],
      ['lukasz', '103'],
      ['weiss', undefined],
      ['7', undefined],
      ['+33142685300', undefined],
    ] as const)
      expect(meant(typed, people)?.extension).toBe(extension);
  });
});

describe('what a new person gets', () => {
  it('is a login that the server takes', () => {
    for (const [name, login] of [
      ['Anna Nowak', 'anna.nowak'],
      ['Bruno Lefèvre', 'bruno.lefevre'],
      ['Łukasz  O’Ço Weiß', 'lukasz.oco.weiss'],
      ['', ''],
    ] as const)
      expect(loginFor(name)).toBe(login);
    expect(loginFor('x'.repeat(99))).toMatch(/^[a-z0-9._-]{64}$/);
  });

  it('is an extension that is free', () => {
    expect(nextExtension([])).toBe('101');
    expect(nextExtension([{ extension: '204' }, { extension: '101' }])).toBe('205');
  });
});

describe('an account', () => {
  const account = {
    username: 'anna',
    password: 'a@b;c',
    registrars: [
      { transport: 'UDP', address: '[::]:5060' },
      { transport: 'WSS', address: '[::]:8443' },
      { transport: 'TLS', address: '[::]:5061' },
    ],
  } as Schema<'Account'>;

  it('goes to the encrypted listener, by the name of the page', () => {
    expect(registrarOf(account, 'pbx.example')).toEqual({ server: 'pbx.example:5061', transport: 'TLS' });
    const one = { ...account, registrars: [{ transport: 'TCP', address: '192.0.2.1:5060' }] };
    expect(registrarOf(one, 'pbx.example').server).toBe('192.0.2.1:5060');
  });

  it('is never at a name that means another computer on every other computer', () => {
    const there = { ...account, domain: 'acme.example' };
    for (const host of ['localhost', 'alto.localhost', '127.0.0.1', '[::1]'])
      expect(registrarOf(there, host)).toEqual({
        server: 'acme.example:5061',
        transport: 'TLS',
        guessed: true,
      });
    expect(registrarOf(there, 'localhost.example').guessed).toBeUndefined();
    const one = { ...there, registrars: [{ transport: 'TCP', address: '192.0.2.1:5060' }] };
    expect(registrarOf(one, 'localhost')).toEqual({ server: '192.0.2.1:5060', transport: 'TCP' });
  });

  it('is scanned from where a phone finds the server', () => {
    const at = (host: string) => ({
      ...account,
      domain: 'acme.example',
      provisioning: { url: `https://${host}/api/v1/provisioning/1.A_-z`, expires_at: '' },
    });
    const path = '/api/v1/provisioning/1.A_-z';
    expect(provisioningUrl(at('pbx.example:8443'))).toBe(`https://pbx.example:8443${path}`);
    for (const host of ['localhost:8443', '127.0.0.1:8443', '[::1]:8443'])
      expect(provisioningUrl(at(host))).toBe(`https://acme.example:8443${path}`);
    expect(provisioningUrl({ ...account, provisioning: null })).toBeNull();
  });
});

describe('format', () => {
  it('says how long', () => {
    expect(duration(-5)).toBe('0:00');
    expect(duration(65_000)).toBe('1:05');
    expect(duration(3_725_000)).toBe('1:02:05');
  });

  it('says which year, unless it is this one, and the second where that counts', () => {
    i18n.choose('en');
    const [now, before] = [new Date(), new Date(2019, 4, 6, 7, 8, 9)];
    expect(moment(now.toISOString())).not.toContain(String(now.getFullYear()));
    expect(moment(before.toISOString())).toContain('2019');
    expect(moment(before.toISOString())).not.toContain('09');
    expect(instant(before.toISOString())).toMatch(/2019.*08:09/);
  });

  it('shortens a name', () => {
    expect(initials(' anna maria nowak ')).toBe('AN');
    expect(initials('Cher')).toBe('C');
    expect(initials('')).toBe('');
  });
});
