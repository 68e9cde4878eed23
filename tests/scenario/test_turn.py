"""A real TURN server (coturn) takes the credentials that a page is given, for their time, and no others.

The client is the test's own: an Allocate with long-term credentials (RFC 8656 §7, RFC 8489 §9.2)."""
import base64
import hashlib
import hmac
import pathlib
import secrets
import socket
import struct
import subprocess
import tempfile
import time

from browser import Browser
from server import PATIENCE, Alto, free_port

PASSWORD, SECRET, REALM = 'correct horse', 'a-secret-of-the-relay', 'acme.example'
ALLOCATE, ALLOCATED, REFUSED = 0x0003, 0x0103, 0x0113
USERNAME, INTEGRITY, ERROR, REALM_OF, NONCE, RELAYED, TRANSPORT = 0x06, 0x08, 0x09, 0x14, 0x15, 0x16, 0x19
MAGIC, UDP = 0x2112a442, 17


def attribute(kind, value):
    return struct.pack('>HH', kind, len(value)) + value + bytes(-len(value) % 4)


def attributes(message):
    """{kind: value} of the first of each."""
    found, at = {}, 20
    while at < len(message):
        kind, n = struct.unpack('>HH', message[at:at + 4])
        found.setdefault(kind, message[at + 4:at + 4 + n])
        at += 4 + n + -n % 4
    return found


class Client:
    """One socket: a relay gives it one address."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(('127.0.0.1', port))

    def ask(self, body, key=None):
        """(kind, attributes) of the answer; asked again until there is one, for it may be starting still."""
        transaction = secrets.token_bytes(12)
        head = lambda n: struct.pack('>HHI', ALLOCATE, n, MAGIC) + transaction
        message = head(len(body)) + body
        if key:
            mac = hmac.new(key, head(len(body) + 24) + body, hashlib.sha1).digest()
            message = head(len(body) + 24) + body + attribute(INTEGRITY, mac)
        self.socket.settimeout(0.2)
        for _ in range(5 * PATIENCE):
            try:
                self.socket.send(message)
                answer = self.socket.recv(2048)
                if answer[8:20] == transaction:
                    return struct.unpack('>H', answer[:2])[0], attributes(answer)
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.05)
        raise AssertionError('the relay does not answer')

    def allocates(self, username, password):
        """None, or the error's number."""
        wanted = attribute(TRANSPORT, bytes([UDP, 0, 0, 0]))
        kind, given = self.ask(wanted)
        assert kind == REFUSED and given[REALM_OF].decode() == REALM, (kind, given)
        key = hashlib.md5(f'{username}:{REALM}:{password}'.encode()).digest()
        kind, given = self.ask(wanted + attribute(USERNAME, username.encode()) + attribute(REALM_OF, given[REALM_OF]) +
                               attribute(NONCE, given[NONCE]), key)
        if kind == ALLOCATED:
            assert given[RELAYED]
            return None
        return given[ERROR][2] * 100 + given[ERROR][3]


def relay(port, directory):
    return subprocess.Popen(['turnserver', '-n', '--listening-ip=127.0.0.1', f'--listening-port={port}', '--relay-ip=127.0.0.1',
                             '--use-auth-secret', f'--static-auth-secret={SECRET}', f'--realm={REALM}', '--no-tls', '--no-dtls',
                             '--no-cli', f'--userdb={directory}/turndb', f'--pidfile={directory}/turn.pid', '--log-file=stdout'],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


def signed(username):
    return base64.b64encode(hmac.new(SECRET.encode(), username.encode(), hashlib.sha1).digest()).decode()


https, turn = free_port(), free_port()
with tempfile.TemporaryDirectory(prefix='alto-') as scratch:
    secret = pathlib.Path(scratch) / 'secret'
    secret.write_text(SECRET + '\n')
    url = f'turn:127.0.0.1:{turn}?transport=udp'
    extra = f'turn: {{urls: ["{url}"], secret: {secret}}}\n'
    with relay(turn, scratch) as coturn, Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}']},
                                              extra=extra) as alto:
        try:
            alto.company(people=('101',))
            alto.command('user', 'password', 'acme', 'p101', '--password', PASSWORD)
            anna = Browser(https)
            assert anna.login('p101@acme.example', PASSWORD).status == 200
            [given] = anna.ask('POST', '/api/v1/session/phone', {}).json['ice_servers']
            username, password = given['username'], given['credential']
            assert given['urls'] == [url], given
            assert Client(turn).allocates(username, password) is None
            # Of another secret; longer than it was given for; and when its time is over, though the relay's own secret signed it.
            until, _, name = username.partition(':')
            assert int(until) > time.time(), username
            for wrong in ((username, password[::-1]), (f'{int(until) + 3600}:{name}', password)):
                assert Client(turn).allocates(*wrong) == 401, wrong
            over = f'{int(time.time()) - 60}:{name}'
            assert Client(turn).allocates(over, signed(over)) == 401
            later = f'{int(time.time()) + 3600}:{name}'
            assert Client(turn).allocates(later, signed(later)) is None
        finally:
            coturn.kill()
    print('coturn takes what a page is given, until its time is over')
