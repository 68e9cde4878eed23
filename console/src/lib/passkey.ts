/** Passkeys as the browser has them (WebAuthn level 2), and as the API speaks of them: bytes in base64url. */
import { api, Problem, type Schema } from './api/client';

type Offer = Schema<'PasskeyOffer'>;

/** They belong to a host name: not where the console was opened by an address, nor in a browser without them. */
export function passkeysWork(): boolean {
  const { hostname } = location;
  return 'PublicKeyCredential' in window && !/^[\d.]+$|^\[/.test(hostname);
}

function coded(bytes: ArrayBuffer | null): string {
  const text = String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0)));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

/** What the browser refused, or the person did not want. */
async function asked<Answer extends AuthenticatorResponse>(
  made: Promise<Credential | null>,
): Promise<{ rawId: ArrayBuffer; response: Answer }> {
  try {
    return (await made) as PublicKeyCredential & { response: Answer };
  } catch (error) {
    const there = error instanceof DOMException && error.name === 'InvalidStateError';
    throw new Problem(0, there ? 'passkey-there' : 'passkey-cancelled', String(error));
  }
}

/** Makes one for the person who is logged in: what is to be sent, but for the name. */
export async function makePasskey(
  user: Schema<'User'>,
  domain: string,
  present: Schema<'Passkey'>[],
): Promise<Schema<'PasskeyNew'>> {
  const offer = await api.post<Offer>('/session/passkeys', {});
  const { response } = await asked<AuthenticatorAttestationResponse>(
    navigator.credentials.create({
      publicKey: {
        challenge: decoded(offer.challenge),
        rp: { id: offer.host, name: 'Alto' },
        user: {
          id: new TextEncoder().encode(user.id),
          name: `${user.login}@${domain}`,
          displayName: user.name,
        },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' },
        attestation: 'none',
        excludeCredentials: present
          .filter((one) => one.host === offer.host)
          .map((one) => ({ type: 'public-key', id: decoded(one.credential) })),
        timeout: offer.seconds * 1000,
      },
    }),
  );
  return { client_data: coded(response.clientDataJSON), attestation: coded(response.attestationObject) };
}

/**
 * Asks for one that the browser has for this host: what is to be sent to log in. alone: it must ask who its owner is,
 * if it can; beside a password it need only be touched.
 */
export async function usePasskey(alone: boolean): Promise<Schema<'PasskeyLoginNew'>> {
  const offer = await api.post<Offer>('/session/passkey', {});
  const { rawId, response } = await asked<AuthenticatorAssertionResponse>(
    navigator.credentials.get({
      publicKey: {
        challenge: decoded(offer.challenge),
        rpId: offer.host,
        userVerification: alone ? 'preferred' : 'discouraged',
        timeout: offer.seconds * 1000,
      },
    }),
  );
  return {
    credential: coded(rawId),
    user_handle: coded(response.userHandle),
    client_data: coded(response.clientDataJSON),
    authenticator_data: coded(response.authenticatorData),
    signature: coded(response.signature),
  };
}
