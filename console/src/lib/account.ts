import type { Schema } from './api/client';

export type Registrar = { server: string; transport: string };

/** Of phones and apps: WebSockets are for pages. */
const PREFERENCE = ['TLS', 'TCP', 'UDP'];

/** Where a phone registers best. A listener on every address is reached by the name that this page has. */
export function registrarOf(account: Schema<'Account'>, host: string): Registrar {
  const [best] = PREFERENCE.flatMap((transport) =>
    account.registrars.filter((r) => r.transport === transport),
  );
  if (!best) return { server: host, transport: 'TLS' };
  const server = best.address.replace(/^(\[::\]|0\.0\.0\.0)(?=:\d+$)/, host);
  return { server, transport: best.transport };
}

/** The account as a URI (RFC 3261 §19.1.1), for apps that read one from a QR code. */
export function sipUri(account: Schema<'Account'>, registrar: Registrar): string {
  const [user, password] = [account.username, account.password].map(encodeURIComponent);
  return `sip:${user}:${password}@${registrar.server};transport=${registrar.transport.toLowerCase()}`;
}
