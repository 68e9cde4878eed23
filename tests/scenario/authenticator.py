"""An authenticator of our own (WebAuthn level 2), and what a browser says with it: also what none would."""
import base64
import hashlib
import json
import struct
import subprocess


def coded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()


class Authenticator:
    """One key of P-256, as a stick has it: it signs what it is told to."""

    def __init__(self, directory, name):
        self.key, self.count, self.credential = directory / f'{name}.pem', 0, hashlib.sha256(name.encode()).digest()
        subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', self.key], check=True)

    def data(self, flags, host, more=b''):
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + struct.pack('>I', self.count) + more

    def make(self, offer, origin, flags=0x45, host=None, kind='webauthn.create'):
        der = subprocess.run(['openssl', 'ec', '-in', self.key, '-pubout', '-outform', 'DER'], check=True,
                             capture_output=True).stdout
        key = b'\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20' + der[-64:-32] + b'\x22\x58\x20' + der[-32:]
        credential = bytes(16) + struct.pack('>H', len(self.credential)) + self.credential + key
        data = self.data(flags, host or offer['host'], credential)
        return {'client_data': coded(said(kind, offer, origin)),
                'attestation': coded(b'\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58' + bytes([len(data)]) + data)}

    def sign(self, offer, origin, user, flags=0x05, host=None, kind='webauthn.get', client=None):
        self.count += 1
        data, client = self.data(flags, host or offer['host']), client or said(kind, offer, origin)
        signature = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', self.key], check=True, capture_output=True,
                                   input=data + hashlib.sha256(client).digest()).stdout
        return {'credential': coded(self.credential), 'user_handle': coded(user.encode()), 'client_data': coded(client),
                'authenticator_data': coded(data), 'signature': coded(signature)}


def said(kind, offer, origin, **more):
    return json.dumps({'type': kind, 'challenge': offer['challenge'], 'origin': origin, 'crossOrigin': False, **more}).encode()
