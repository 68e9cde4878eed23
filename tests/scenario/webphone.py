"""A phone of the test's own making in a page: SIP over secure WebSocket (RFC 7118), as a browser's, without the sound."""
import os
import secrets
import socket
import struct
import threading

from browser import Events
from softphone import Call, Message, Softphone

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

# What a browser's offer or answer says; nobody is at that address.
DESCRIPTION = '\r\n'.join([
    'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111 0',
    'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=rtcp-mux', 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx',
    'a=fingerprint:sha-256 ' + ':'.join(['AB'] * 32), 'a=setup:%s', 'a=rtpmap:111 opus/48000/2', 'a=rtpmap:0 PCMU/8000',
    'a=candidate:1 1 udp 1 127.0.0.1 9 typ host', 'a=sendrecv', ''])


class WebSocket(Events):
    """One for SIP, frame by frame."""

    def __init__(self, browser, path='/sip', origin='own', room=None, protocol='sip'):
        super().__init__(browser, path, origin, room, protocol)
        self.using = threading.Lock()  # of the socket, as Softphone's

    def send(self, body, kind=TEXT, last=True):
        frame = self.framed(body, kind, last)
        with self.using:
            self.socket.sendall(frame)

    @staticmethod
    def framed(body, kind=TEXT, last=True):
        mask = os.urandom(4)
        n = len(body)
        length = bytes([0x80 | n]) if n < 126 else b'\xfe' + struct.pack('>H', n) if n < 65536 else \
            b'\xff' + struct.pack('>Q', n)
        masked = bytes(c ^ mask[i % 4] for i, c in enumerate(body)) if n < 4096 else \
            (int.from_bytes(body, 'big') ^ int.from_bytes((mask * (n // 4 + 1))[:n], 'big')).to_bytes(n, 'big')
        return bytes([kind | (0x80 if last else 0)]) + length + mask + masked

    def message(self):
        """The next one; None when the server has ended it. Its pings are answered."""
        while True:
            try:
                frame = self.frame()
            except (OSError, ValueError):  # closed
                return None
            if not frame or frame[0] == CLOSE:
                return None
            if frame[0] == PING:
                self.send(frame[1], PONG)
            elif frame[0] != PONG:
                return frame[1]


class Bytes:
    """Reads as a file does, from what `receive` gives piece by piece; b'' at the end."""

    def __init__(self, receive):
        self.receive, self.held = receive, b''

    def read(self, n):
        while len(self.held) < n:
            more = self.receive()
            if more is None:
                continue
            if not more:
                return b''
            self.held += more
        taken, self.held = self.held[:n], self.held[n:]
        return taken


class WebPhone(Softphone):
    """account: (user name, password); browser: whose session opens the WebSocket, by its cookies."""

    def __init__(self, account, extension, browser, kind=TEXT, room=None):
        self.account, self.extension, self.transport, self.host, self.kind = account, extension, 'ws', '127.0.0.1', kind
        self.web = WebSocket(browser, room=room)
        assert self.web.status == 101, (self.web.status, self.web.body)
        self.socket = self.web.socket
        self.ended = False
        self.name = secrets.token_hex(6) + '.invalid'
        self.begin()

    def _listen(self):
        self.web.stream, self.web.using = Bytes(self._receive), self.using
        while (message := self.web.message()) is not None:
            if message.strip():
                self._take(Message(message.decode()))
        with self.news:
            self.ended = True
            self.news.notify_all()

    @property
    def call(self):
        return WebCall

    def send(self, first, fields, body=''):
        text = f'{first}\r\n' + ''.join(f'{k}: {v}\r\n' for k, v in fields if v) + f'\r\n{body}'  # §5: no Content-Length
        self.web.send(text.encode(), self.kind)

    def via(self, branch=None):
        return f'SIP/2.0/WSS {self.name};branch={branch or "z9hG4bK" + secrets.token_hex(8)}'

    @property
    def contact(self):
        return f'<sip:{self.extension}@{self.name};transport=ws>'

    def wait_for_end(self):
        with self.news:
            assert self.news.wait_for(lambda: self.ended, 30), 'the WebSocket lives on'

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)  # the listener ends before the descriptor is another's
        self.wait_for_end()
        self.socket.close()


class WebCall(Call):
    def offer(self, *_):
        return DESCRIPTION % 'actpass'

    def answer_to(self, offer):
        assert 'UDP/TLS/RTP/SAVPF' in offer and 'a=ice-lite' in offer, offer
        return DESCRIPTION % 'active'

    def _take_answer(self, remote):
        assert 'UDP/TLS/RTP/SAVPF' in remote and 'a=fingerprint:' in remote, remote
