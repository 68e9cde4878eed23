/**
 * An issuer of identity as companies have one: oidc-provider over HTTPS, for tests/scenario/openid.py. Any password is
 * right; who signs in as "anna" is anna@acme.example. ISSUER (JSON) says its port, its certificate and its clients.
 */
import { readFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import process from 'node:process';
import { Provider } from 'oidc-provider';

const { port, certificate, key, clients } = JSON.parse(process.env.ISSUER);
const jwk = (kind, options, more) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
  use: 'sig',
  ...more,
});

const provider = new Provider(`https://127.0.0.1:${port}`, {
  clients,
  cookies: { keys: ['of a test'] },
  jwks: {
    keys: [
      jwk('rsa', { modulusLength: 2048 }, { kid: 'rsa', alg: 'RS256' }),
      jwk('ec', { namedCurve: 'P-256' }, { kid: 'ec', alg: 'ES256' }),
    ],
  },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
  ttl: { Interaction: 300, Session: 300, Grant: 300, AccessToken: 300, IdToken: 300 },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@acme.example`, email_verified: true, preferred_username: id }),
  }),
});

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, provider.callback());
server.listen(port, '127.0.0.1', () => console.log('ready'));
