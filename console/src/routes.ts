import Home from '@lucide/svelte/icons/house';
import Building from '@lucide/svelte/icons/building-2';
import Lines from '@lucide/svelte/icons/sliders-horizontal';
import Phone from '@lucide/svelte/icons/phone';
import PhoneCall from '@lucide/svelte/icons/phone-call';
import Server from '@lucide/svelte/icons/server';
import Settings from '@lucide/svelte/icons/settings';
import Users from '@lucide/svelte/icons/users';
import type { Component } from 'svelte';
import type { Key } from './lib/i18n/index.svelte';
import { session } from './lib/session.svelte';

type Page = {
  path: string;
  /** A page of the menu has a name and an icon; one of a single thing has not. */
  menu?: { key: Key; icon: typeof Home };
  /** One that stands beside a page of the menu has its name in a row above both. */
  beside?: { path: string; key: Key };
  may?: () => boolean;
  load: () => Promise<{ default: Component<never> }>;
};

export const pages: Page[] = [
  { path: '/', menu: { key: 'nav.home', icon: Home }, load: () => import('./pages/Home.svelte') },
  {
    path: '/tenants',
    menu: { key: 'nav.tenants', icon: Building },
    may: () => session.isProvider,
    load: () => import('./pages/Tenants.svelte'),
  },
  {
    path: '/phone',
    menu: { key: 'nav.phone', icon: Phone },
    may: () => !session.isProvider,
    load: () => import('./pages/Phone.svelte'),
  },
  {
    path: '/people',
    menu: { key: 'nav.people', icon: Users },
    load: () => import('./pages/People.svelte'),
  },
  {
    path: '/numbers',
    beside: { path: '/people', key: 'nav.numbers' },
    load: () => import('./pages/Numbers.svelte'),
  },
  { path: '/people/:id', load: () => import('./pages/Person.svelte') },
  {
    path: '/calls',
    menu: { key: 'nav.calls', icon: PhoneCall },
    may: () => session.seesCalls,
    load: () => import('./pages/Calls.svelte'),
  },
  { path: '/calls/:id', may: () => session.seesCalls, load: () => import('./pages/Call.svelte') },
  {
    path: '/lines',
    menu: { key: 'nav.lines', icon: Lines },
    may: () => !session.isProvider,
    load: () => import('./pages/Lines.svelte'),
  },
  {
    path: '/node',
    menu: { key: 'nav.node', icon: Server },
    may: () => session.isProvider,
    load: () => import('./pages/Node.svelte'),
  },
  {
    path: '/trunks',
    beside: { path: '/node', key: 'nav.trunks' },
    may: () => session.isProvider,
    load: () => import('./pages/Trunks.svelte'),
  },
  {
    path: '/bans',
    beside: { path: '/node', key: 'nav.bans' },
    may: () => session.isProvider,
    load: () => import('./pages/Bans.svelte'),
  },
  {
    path: '/settings',
    menu: { key: 'nav.settings', icon: Settings },
    load: () => import('./pages/Settings.svelte'),
  },
  {
    path: '/audit',
    beside: { path: '/settings', key: 'nav.audit' },
    may: () => session.audits,
    load: () => import('./pages/Audit.svelte'),
  },
  {
    path: '/compliance',
    beside: { path: '/settings', key: 'nav.compliance' },
    may: () => session.audits,
    load: () => import('./pages/Compliance.svelte'),
  },
];

/** Its component; one that is not of a single thing does not look at the id. */
export async function open(page: Page): Promise<Component<{ id: string }>> {
  return (await page.load()).default as Component<{ id: string }>;
}

/** The path of the menu that this one belongs to. */
export function menuOf(path: string): string {
  const { page } = find(path) ?? {};
  return page?.beside?.path ?? (path === '/' ? path : `/${path.split('/')[1]}`);
}

/** The page of the menu and those beside it; none if it stands alone. */
export function row(path: string): { path: string; key: Key }[] {
  const others = pages.filter((p) => p.beside?.path === menuOf(path) && (!p.may || p.may()));
  const first = pages.find((p) => p.path === menuOf(path));
  if (!others.length || !first?.menu || !pages.some((p) => p.path === path)) return [];
  return [
    { path: first.path, key: first.menu.key },
    ...others.map((p) => ({ path: p.path, key: p.beside!.key })),
  ];
}

/** The page at a path, and what stands for :id in it. */
export function find(path: string): { page: Page; id: string } | undefined {
  const [, first = '', id, ...more] = path.split('/');
  if (more.length) return undefined;
  const wanted = id === undefined ? `/${first}` : `/${first}/:id`;
  const page = pages.find((p) => p.path === wanted);
  const named = decoded(id ?? '');
  return page && named !== undefined ? { page, id: named } : undefined;
}

/** undefined: it is no text, such as "%". */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
