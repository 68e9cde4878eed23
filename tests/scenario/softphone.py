"""A phone of the test's own making, for what SIPp and baresip cannot be asked to do: exact packets, wrong messages."""
import base64
import hashlib
import os
import re
import secrets
import select
import socket
import ssl
import threading

from server import PATIENCE, wait_until
from voice import SUITES, Srtp, Voice

DOMAIN = 'acme.example'


class Message:
    def __init__(self, text):
        head, _, self.body = text.partition('\r\n\r\n')
        self.first, *lines = head.split('\r\n')
        self.fields = [tuple(part.strip() for part in line.split(':', 1)) for line in lines]
        self.status = int(self.first.split()[1]) if self.first.startswith('SIP/2.0 ') else 0
        self.method = self['CSeq'].split()[1]
        self.cseq = int(self['CSeq'].split()[0])

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def __getitem__(self, name):
        return next(iter(self.all(name)), '')

    def tag(self, name):
        found = re.search(r';tag=([^;>\s]+)', self[name])
        return found.group(1) if found else ''

    def uri(self, name):
        return re.search(r'<([^>]+)>', self[name]).group(1)


def authorization(account, challenge, method, uri):
    """The answer to a digest challenge, qop=auth (RFC 7616 §3.4)."""
    given = dict((name, quoted or plain) for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', challenge))
    digest = hashlib.sha256 if given.get('algorithm', 'MD5').upper() == 'SHA-256' else hashlib.md5

    def h(*parts):
        return digest(':'.join(parts).encode()).hexdigest()
    user, password = account
    cnonce = secrets.token_hex(8)
    response = h(h(user, given['realm'], password), given['nonce'], '00000001', cnonce, 'auth', h(method, uri))
    return (f'Digest username="{user}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}", '
            f'algorithm={given.get("algorithm", "MD5")}, qop=auth, nc=00000001, cnonce="{cnonce}", response="{response}"')


def answers(call_id, method, cseq, least=200):
    """Tells the answers to this request from all other messages."""
    return lambda m: m.status >= least and (m['Call-ID'], m.method, m.cseq) == (call_id, method, cseq)


class Softphone:
    """One socket. Messages wait in `inbox` until somebody asks for them; copies of requests are dropped."""

    def __init__(self, account, extension, server, transport='udp', host='127.0.0.1'):
        self.account, self.extension, self.server, self.transport, self.host = account, extension, server, transport, host
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM if transport == 'udp' else socket.SOCK_STREAM)
        self.socket.bind((host, 0))
        if transport != 'udp':
            self.socket.connect(server)
        if transport == 'tls':
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # what the certificate says is test_two_phones.py's matter
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.begin()

    def begin(self):
        """Its socket is ready."""
        self.shown = f'[{self.host}]' if ':' in self.host else self.host
        self.port = self.socket.getsockname()[1]
        self.inbox, self.seen = [], set()
        self.news = threading.Condition()
        self.using = threading.Lock()  # of the socket: OpenSSL lets one thread at a time use a connection
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _receive(self):
        """What has come; waits for it without holding the socket. None: it was not for us (a session ticket)."""
        select.select([self.socket], [], [])
        with self.using:
            self.socket.settimeout(0)
            try:
                return self.socket.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                return None
            finally:
                self.socket.settimeout(None)

    def _listen(self):
        held = b''
        while True:
            try:
                more = self._receive()
            except (OSError, ValueError):  # closed
                return
            if more is None:
                continue
            if not more and self.transport != 'udp':
                return
            held = more if self.transport == 'udp' else held + more
            held = held.lstrip(b'\r\n')  # what keeps the way open through NAT (RFC 3261 §7.5)
            while b'\r\n\r\n' in held:
                head, _, rest = held.partition(b'\r\n\r\n')
                length = int(re.search(rb'(?i)\r\ncontent-length: *(\d+)', head).group(1))
                if len(rest) < length:
                    break
                self._take(Message((head + b'\r\n\r\n' + rest[:length]).decode()))
                held = rest[length:]

    def _take(self, message):
        name = message['Via'], message.first.split()[0]
        with self.news:
            if message.status or name not in self.seen:
                self.inbox.append(message)
            self.seen.add(name)
            self.news.notify_all()

    def wait(self, wanted, what):
        """The first message for which `wanted` is true; it leaves the inbox."""
        with self.news:
            if not self.news.wait_for(lambda: any(map(wanted, self.inbox)), PATIENCE):
                raise AssertionError(f'{self.extension}: no {what}, only {[m.first for m in self.inbox]}')
            found = next(filter(wanted, self.inbox))
            self.inbox.remove(found)
            return found

    def request(self, method, call_id=None):
        return self.wait(lambda m: not m.status and m.method == method and call_id in (None, m['Call-ID']), method)

    def response(self, call_id, method, cseq, least=200):
        return self.wait(answers(call_id, method, cseq, least), f'answer to {method} {cseq}')

    def comes(self, call_id, method, cseq, seconds):
        """Whether the final answer is there within that time; it stays in the inbox."""
        with self.news:
            return self.news.wait_for(lambda: any(map(answers(call_id, method, cseq), self.inbox)), seconds)

    def send(self, first, fields, body=''):
        text = f'{first}\r\n' + ''.join(f'{k}: {v}\r\n' for k, v in fields if v) + f'Content-Length: {len(body)}\r\n\r\n{body}'
        with self.using:
            if self.transport == 'udp':
                self.socket.sendto(text.encode(), self.server)
            else:
                self.socket.sendall(text.encode())

    def via(self, branch=None):
        branch = branch or 'z9hG4bK' + secrets.token_hex(8)
        return f'SIP/2.0/{self.transport.upper()} {self.shown}:{self.port};branch={branch};rport'

    @property
    def contact(self):
        return f'<sip:{self.extension}@{self.shown}:{self.port};transport={self.transport}>'

    def registering(self, expires=600):
        """The final answer to a REGISTER, challenged and authenticated."""
        me, call_id, answer = f'<sip:{self.extension}@{DOMAIN}>', secrets.token_hex(8), ''
        for cseq in (1, 2):
            self.send(f'REGISTER sip:{DOMAIN} SIP/2.0', [
                ('Via', self.via()), ('Max-Forwards', 70), ('From', f'{me};tag={secrets.token_hex(4)}'), ('To', me),
                ('Call-ID', call_id), ('CSeq', f'{cseq} REGISTER'), ('Contact', self.contact), ('Expires', str(expires)),
                ('Authorization', answer)])
            said = self.response(call_id, 'REGISTER', cseq)
            if said.status == 401:
                answer = authorization(self.account, said['WWW-Authenticate'], 'REGISTER', f'sip:{DOMAIN}')
        return said

    def register(self, expires=600):
        said = self.registering(expires)
        assert said.status == 200, said.first
        return self

    @property
    def call(self):
        return Call

    def dial(self, extension, **described):
        """A call on its way: challenged, authenticated, not answered yet."""
        return self.call(self, **described).begin(extension)

    def incoming(self, **described):
        """The next call that comes in; it rings."""
        invite = self.request('INVITE')
        return self.call(self, **described).taken(invite)


class Call:
    """One dialog with its voice. suites: offered in this order; none: plain RTP."""

    def __init__(self, phone, suites=(), formats='0 101', ptime=0, voice=None):
        self.phone, self.suites, self.formats, self.ptime = phone, suites, formats, ptime
        self.voice = voice or Voice(phone.host)
        self.keys, self.suite, self.local_key, self.remote_key = {}, None, None, None
        self.routes, self.remote_tag, self.remote = [], '', ''
        self.local_tag, self.call_id, self.cseq = secrets.token_hex(8), secrets.token_hex(12), 0
        self.me = f'<sip:{phone.extension}@{DOMAIN}>'

    # ---- descriptions ----

    def offer(self, direction='sendrecv', new_keys=False):
        if new_keys or not self.keys:
            self.keys = {suite: os.urandom(SUITES[suite][0]) for suite in self.suites}
        return self._describe(direction, list(enumerate(self.suites, 1)))

    def answer_to(self, offer):
        """Takes the first line of the offer whose suite this side speaks."""
        for tag, suite, key in re.findall(r'a=crypto:(\d+) (\S+) inline:([^|\s]+)', offer):
            if suite in self.suites:
                self.keys.setdefault(suite, os.urandom(SUITES[suite][0]))
                self._settle(offer, suite, base64.b64decode(key))
                return self._describe('sendrecv', [(tag, suite)])
        assert not self.suites, offer
        self._settle(offer, None, None)
        return self._describe('sendrecv', [])

    def _describe(self, direction, cryptos):
        host, family = self.phone.host, 6 if ':' in self.phone.host else 4
        names = {'0': 'PCMU/8000', '8': 'PCMA/8000', '9': 'G722/8000', '18': 'G729/8000', '101': 'telephone-event/8000'}
        lines = ['v=0', f'o=- 1 1 IN IP{family} {host}', 's=-', f'c=IN IP{family} {host}', 't=0 0',
                 f'm=audio {self.voice.port} RTP/{"SAVP" if cryptos else "AVP"} {self.formats}']
        lines += [f'a=rtpmap:{n} {names[n]}' for n in self.formats.split()]
        lines += [f'a=crypto:{tag} {suite} inline:{base64.b64encode(self.keys[suite]).decode()}' for tag, suite in cryptos]
        lines += [f'a=ptime:{self.ptime}'] if self.ptime else []
        return '\r\n'.join(lines + [f'a={direction}', ''])

    def _settle(self, remote, suite, remote_key):
        """Where voice goes, and under which keys. A key that stays keeps its cipher, which counts packets."""
        host = re.search(r'c=IN IP. (\S+)', remote).group(1)
        self.remote, self.voice.to = remote, (host, int(re.search(r'm=audio (\d+)', remote).group(1)))
        if suite and (suite, remote_key) != (self.suite, self.remote_key):
            self.voice.receive_cipher = Srtp(suite, remote_key, sending=False)
        if suite and (suite, self.keys[suite]) != (self.suite, self.local_key):
            self.voice.send_cipher, self.local_key = Srtp(suite, self.keys[suite], sending=True), self.keys[suite]
        self.suite, self.remote_key = suite, remote_key

    def _take_answer(self, remote):
        found = re.search(r'a=crypto:\d+ (\S+) inline:([^|\s]+)', remote)
        self._settle(remote, found and found.group(1), found and base64.b64decode(found.group(2)))

    # ---- requests ----

    def send(self, method, cseq=None, branch=None, uri=None, body='', phone=None, **changed):
        """A request of this dialog. changed: other values for fields (To=..., Authorization=...)."""
        phone = phone or self.phone
        fields = {'Via': phone.via(branch), 'Max-Forwards': 70, 'From': f'{self.me};tag={self.local_tag}',
                  'To': self.them + (f';tag={self.remote_tag}' if self.remote_tag else ''), 'Call-ID': self.call_id,
                  'CSeq': f'{self.cseq if cseq is None else cseq} {method}', 'Contact': phone.contact,
                  'Content-Type': 'application/sdp' if body else ''}
        fields.update((name.replace('_', '-'), value) for name, value in changed.items())
        phone.send(f'{method} {uri or self.target} SIP/2.0', [*fields.items(), *(('Route', r) for r in self.routes)], body)

    def ask(self, method, body='', **changed):
        """A request and its final answer; over UDP, where either may be lost, again each second (RFC 3261 §17.1)."""
        self.cseq += 1
        changed.setdefault('branch', 'z9hG4bK' + secrets.token_hex(8))
        call_id = changed.get('Call_ID', self.call_id)
        for _ in range(PATIENCE if self.phone.transport == 'udp' else 1):
            self.send(method, body=body, **changed)
            if self.phone.transport != 'udp' or self.phone.comes(call_id, method, self.cseq, 1):
                break
        return self.phone.response(call_id, method, self.cseq)

    def begin(self, extension):
        self.them, self.target = f'<sip:{extension}@{DOMAIN}>', f'sip:{extension}@{DOMAIN}'
        self.body, self.authorization = self.offer(), ''
        if self.phone.transport not in ('tls', 'ws'):  # where its registration has made the connection known
            branch = 'z9hG4bK' + secrets.token_hex(8)
            said = self.ask('INVITE', self.body, branch=branch)
            assert said.status == 401, said.first
            self.send('ACK', branch=branch, To=said['To'])
            self.authorization = authorization(self.phone.account, said['WWW-Authenticate'], 'INVITE', self.target)
        self.cseq += 1
        self.branch = 'z9hG4bK' + secrets.token_hex(8)
        self.send('INVITE', branch=self.branch, body=self.body, Authorization=self.authorization)
        return self

    def rings(self):
        return self.phone.wait(lambda m: m.status == 180 and m['Call-ID'] == self.call_id, '180')

    def final(self):
        """The answer to our INVITE, acknowledged; its status."""
        said = self.phone.response(self.call_id, 'INVITE', self.cseq)
        if said.status >= 300:
            self.send('ACK', branch=self.branch, To=said['To'])
            return said.status
        self.remote_tag, self.target = said.tag('To'), said.uri('Contact')
        self.routes = said.all('Record-Route')[::-1]
        self._take_answer(said.body)
        self.send('ACK')
        return said.status

    def answered(self):
        assert self.final() == 200
        return self

    def change(self, direction='sendrecv', new_keys=False):
        """A re-INVITE and its answer."""
        said = self.ask('INVITE', self.offer(direction, new_keys))
        assert said.status == 200, said.first
        self._take_answer(said.body)
        self.send('ACK')
        return said

    def cancel(self):
        self.send('CANCEL', branch=self.branch)
        assert self.phone.response(self.call_id, 'CANCEL', self.cseq).status == 200

    def hang_up(self):
        assert self.ask('BYE').status == 200
        self.voice.close()

    # ---- answers ----

    def taken(self, invite):
        self.invite, self.call_id, self.remote_tag = invite, invite['Call-ID'], invite.tag('From')
        self.them, self.target = re.sub(r';tag=.*', '', invite['From']), invite.uri('Contact')
        self.me = invite['To']
        self.respond(invite, 180)
        return self

    def respond(self, request, status, body=''):
        to = request['To'] + ('' if request.tag('To') else f';tag={self.local_tag}')
        self.phone.send(f'SIP/2.0 {status} Said', [
            *(('Via', v) for v in request.all('Via')), ('From', request['From']), ('To', to), ('Call-ID', self.call_id),
            ('CSeq', request['CSeq']), ('Contact', self.phone.contact), ('Content-Type', 'application/sdp' if body else '')],
            body)

    def accept(self):
        self.respond(self.invite, 200, self.answer_to(self.invite.body))
        self.phone.request('ACK', self.call_id)
        return self

    def refuse(self, status):
        self.respond(self.invite, status)
        self.phone.request('ACK', self.call_id)

    def cancelled(self):
        """Waits for the CANCEL, and ends as it asks."""
        cancel = self.phone.request('CANCEL', self.call_id)
        self.respond(cancel, 200)
        self.refuse(487)
        return cancel

    def ended(self):
        """Waits for the other side's BYE."""
        bye = self.phone.request('BYE', self.call_id)
        self.respond(bye, 200)
        self.voice.close()
        return bye


def talk_once_taken(caller, callee, extension):
    """A call that is up, dialled again as often as Alto has no room for it (503), as (caller's, callee's)."""
    def taken():
        a = caller.dial(extension)

        def rung():
            return any(m.method == 'INVITE' and not m.status for m in callee.inbox)
        wait_until(lambda: rung() or caller.comes(a.call_id, 'INVITE', a.cseq, 0.02), 'ring, or refusal')
        if rung():
            return a
        assert a.final() == 503

    a = wait_until(taken, 'call that is taken')
    b = callee.incoming().accept()
    return a.answered(), b


def talk(caller, callee, extension, caller_has={}, callee_has={}):
    """A call that is up and carries voice both ways, as (caller's, callee's)."""
    a = caller.dial(extension, **caller_has)
    b = callee.incoming(**callee_has).accept()
    a.answered()
    a.voice.reaches(b.voice)
    b.voice.reaches(a.voice)
    return a, b
