"""A browser as far as HTTP goes: TLS, one connection kept alive, cookies as the server sets them."""
import base64
import dataclasses
import hashlib
import http.client
import json
import os
import socket
import ssl
import struct
import time

from server import PATIENCE


def tls_context():
    """Takes any certificate: the tests' are self-signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    text: str
    body: bytes

    @property
    def json(self):
        return json.loads(self.text)


class Browser:
    def __init__(self, port, token=None):
        self.port, self.token = port, token
        self.origin = f'https://localhost:{port}'
        self.cookies, self.csrf = {}, None
        self.connection = None

    def ask(self, method, path, body=None, headers=None, origin=None, raw=None):
        """A request as the page's own script makes it; headers with the value None are left out. raw: a body as it is, whose
        Content-Type is in headers."""
        sent = {'Host': f'localhost:{self.port}'}
        if self.token:
            sent['Authorization'] = f'Bearer {self.token}'
        if self.cookies:
            sent['Cookie'] = '; '.join(f'{name}={value}' for name, value in self.cookies.items())
        if method != 'GET':
            sent['Origin'] = origin or self.origin
            if self.csrf:
                sent['X-CSRF-Token'] = self.csrf
        if body is not None:
            sent['Content-Type'] = 'application/json'
            raw = json.dumps(body).encode()
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        for again in True, False:
            if not self.connection:
                self.connection = http.client.HTTPSConnection('127.0.0.1', self.port, timeout=PATIENCE,
                                                              context=tls_context())
            try:
                self.connection.request(method, path, raw, sent)
                got = self.connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                if not again:
                    raise
        answered = got.read()
        given = {name.lower(): value for name, value in got.getheaders()}
        self._keep(got.headers.get_all('Set-Cookie') or [])
        if got.will_close:
            self.close()
        text = '' if given.get('content-encoding') else answered.decode()
        return Answer(got.status, given, text, answered)

    def _keep(self, cookies):
        for cookie in cookies:
            pair, *attributes = [part.strip() for part in cookie.split(';')]
            name, _, value = pair.partition('=')
            if 'Max-Age=0' in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def login(self, login, password, **more):
        answer = self.ask('POST', '/api/v1/session', {'login': login, 'password': password, **more})
        if answer.status == 200:
            self.csrf = answer.json['csrf']
        return answer

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Events:
    """The WebSocket of live events, as a page of the browser opens it; next() is the next message."""

    def __init__(self, browser, path='/api/v1/events', origin='own', room=None, protocol=None):
        plain = socket.socket()
        plain.settimeout(PATIENCE)
        if room:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        plain.connect(('127.0.0.1', browser.port))
        self.socket = tls_context().wrap_socket(plain)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f'GET {path} HTTP/1.1', f'Host: localhost:{browser.port}', 'Connection: Upgrade', 'Upgrade: websocket',
                 'Sec-WebSocket-Version: 13', f'Sec-WebSocket-Key: {key}']
        if browser.token:
            lines.append(f'Authorization: Bearer {browser.token}')
        if browser.cookies:
            lines.append('Cookie: ' + '; '.join(f'{name}={value}' for name, value in browser.cookies.items()))
        if origin:
            lines.append('Origin: ' + (browser.origin if origin == 'own' else origin))
        if protocol:
            lines.append(f'Sec-WebSocket-Protocol: {protocol}')
        self.socket.sendall('\r\n'.join([*lines, '', '']).encode())
        self.stream = self.socket.makefile('rb')
        self.status = int(self.stream.readline().split()[1])
        given = dict(line.strip().lower().split(b': ', 1) for line in iter(self.stream.readline, b'\r\n'))
        self.body = None
        if self.status == 101:
            proof = hashlib.sha1((key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest()
            assert given[b'sec-websocket-accept'] == base64.b64encode(proof).lower(), given
            self.protocol = given.get(b'sec-websocket-protocol', b'').decode()
        else:
            self.body = self.stream.read(int(given.get(b'content-length', 0))).decode()

    def frame(self):
        """(kind, bytes) of the next frame; None at the end."""
        head = self.stream.read(2)
        if len(head) < 2:
            return None
        n = head[1] & 127
        if n == 126:
            n, = struct.unpack('>H', self.stream.read(2))
        return head[0] & 15, self.stream.read(n)

    def next(self):
        """The next message; None when the server has ended it. Its pings are no message, and keep the socket's time from
        ending."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                frame = self.frame()
            except (ConnectionResetError, ssl.SSLError):
                return None
            if not frame or frame[0] == 8:
                return None
            if frame[0] == 1:
                return json.loads(frame[1])
        raise AssertionError(f'no message within {PATIENCE} s')

    def wait_for(self, **wanted):
        """Messages up to the one that has all these; that one, and those before it."""
        before = []
        while (message := self.next()) is not None:
            if all(message.get(name) == value for name, value in wanted.items()):
                return message, before
            before.append(message)
        raise AssertionError(f'ended without {wanted}; before: {before}')

    def close(self):
        self.stream.close()
        self.socket.close()
