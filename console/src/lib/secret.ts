/** None that is taken for another when it is typed into a phone. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A password for a phone, which nobody has to remember: 120 random bits. */
export function newPassword(): string {
  return [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => LETTERS[byte % 32]).join('');
}
