import { beforeEach, describe, expect, it } from 'vitest';
import { details, sentence, type Act } from '../../src/lib/audit';
import { dictionaries, i18n } from '../../src/lib/i18n/index.svelte';

const anna = { id: 'u1', name: 'Anna Nowak' };
const act = (more: Partial<Act>): Act => ({
  id: 'a1',
  number: 1,
  at: '2026-11-27T08:00:00Z',
  tenant: 'acme',
  actor: { kind: 'person', ...anna },
  address: '192.0.2.1',
  act: 'changed',
  thing: 'number',
  object: { id: 'n1', name: '+33140000101' },
  owner: { id: 'u2', name: 'Paul Keller' },
  changed: [],
  how: null,
  failed: 0,
  hash: '0'.repeat(64),
  ...more,
});

beforeEach(() => i18n.choose('en'));

describe('sentence', () => {
  it('names who did what to whom', () => {
    expect(sentence(act({}))).toBe('Anna Nowak changed Paul Keller’s number +33140000101');
    i18n.choose('fr');
    expect(sentence(act({}))).toBe('Anna Nowak a modifié le numéro +33140000101 (Paul Keller)');
  });

  it('knows what is one’s own', () => {
    const password = { thing: 'password', object: null };
    expect(sentence(act({ ...password, owner: anna }))).toBe('Anna Nowak changed their own password');
    expect(sentence(act(password))).toBe('Anna Nowak changed Paul Keller’s password');
  });

  it('names those who are no persons', () => {
    const by = (kind: Act['actor']['kind'], name: string | null) =>
      sentence(act({ thing: 'user', object: anna, actor: { kind, id: null, name } }));
    expect(by('machine', null)).toBe('A command on the server changed what is known of Anna Nowak');
    expect(by('provider', null)).toBe('The provider changed what is known of Anna Nowak');
    expect(by('token', 'crm')).toBe('The program “crm” changed what is known of Anna Nowak');
  });

  it('leaves to the server what it has no words for', () => {
    expect(sentence(act({ thing: 'parrot' }))).toBe('Anna Nowak: changed parrot +33140000101');
  });

  it('has every sentence that the server has rows for', () => {
    const keys = [
      ...['tenant', 'user', 'device', 'number', 'trunk', 'webhook', 'issuer'].flatMap((thing) =>
        ['created', 'changed', 'removed'].map((done) => `act.${done}.${thing}`),
      ),
      ...['created.token', 'removed.token', 'logged-in.session', 'logged-out.session', 'failed.session'],
      ...['changed.password', 'created.code-app', 'removed.code-app', 'created.passkey', 'changed.passkey'],
      ...['removed.passkey', 'read.call', 'read-messages.call', 'ended.call', 'lifted.ban'],
      'renewed.certificate',
    ].map((key) => (key.startsWith('act.') ? key : `act.${key}`));
    expect(keys.filter((key) => !(key in dictionaries.en))).toEqual([]);
  });
});

describe('details', () => {
  it('tells fields, and values where there are any', () => {
    const changed = [
      { field: 'name', from: null, to: null },
      { field: 'role', from: 'user', to: 'admin' },
      { field: 'lines', from: '10', to: '12' },
    ];
    expect(details(act({ changed }))).toEqual(['name, role: Person → Administrator, lines: 10 → 12']);
  });

  it('tells how somebody logged in, and what went before', () => {
    const entry = {
      act: 'logged-in',
      thing: 'session',
      object: null,
      owner: anna,
      how: 'password+code',
    } as const;
    expect(details(act({ ...entry, failed: 3 }))).toEqual([
      'With a password and a code',
      '3 failed tries in a row',
    ]);
  });
});
