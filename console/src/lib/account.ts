import type { Schema } from './api/client';

export type Registrar = {
  server: string;
  transport: string;
  /** The name under which other devices reach the server is not known: the company's domain stands in its place. */
  guessed?: true;
};

/** Of phones and apps: WebSockets are for pages. */
const PREFERENCE = ['TLS', 'TCP', 'UDP'];

/** The browser's names for the computer that it runs on itself (RFC 6761 §6.3); its own addresses are 127/8 and ::1. */
const ITSELF = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Where a phone registers best. A listener on every address is reached by the name that this page has, unless that is
 * good on the server's own computer alone: then by the company's domain, which leads to the server where calls from outside
 * are to find it.
 */
export function registrarOf(account: Schema<'Account'>, host: string): Registrar {
  const [best] = PREFERENCE.flatMap((transport) =>
    account.registrars.filter((r) => r.transport === transport),
  );
  const guessed = ITSELF.test(host);
  const name = guessed ? account.domain : host;
  if (!best) return { server: name, transport: 'TLS', ...(guessed && { guessed }) };
  const { transport } = best;
  const server = best.address.replace(/^(\[::\]|0\.0\.0\.0)(?=:\d+$)/, name);
  return { server, transport, ...(guessed && server !== best.address && { guessed }) };
}

/**
 * The address that Linphone scans, which leads to the account once. Where the page has a name that is good on the server's
 * own computer alone, it goes by the company's domain too. Null: the server has none.
 */
export function provisioningUrl(account: Schema<'Account'>): string | null {
  if (!account.provisioning) return null;
  const url = new URL(account.provisioning.url);
  if (ITSELF.test(url.hostname)) url.hostname = account.domain;
  return url.href;
}
