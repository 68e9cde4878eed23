"""A browser as far as HTTP goes: TLS, one connection kept alive, cookies as the server sets them."""
import dataclasses
import http.client
import json
import ssl

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

    def ask(self, method, path, body=None, headers=None, origin=None):
        """A request as the page's own script makes it; headers with the value None are left out."""
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
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        for again in True, False:
            if not self.connection:
                self.connection = http.client.HTTPSConnection('127.0.0.1', self.port, timeout=PATIENCE,
                                                              context=tls_context())
            try:
                self.connection.request(method, path, json.dumps(body) if body is not None else None, sent)
                got = self.connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                if not again:
                    raise
        raw = got.read()
        given = {name.lower(): value for name, value in got.getheaders()}
        self._keep(got.headers.get_all('Set-Cookie') or [])
        if got.will_close:
            self.close()
        text = '' if given.get('content-encoding') else raw.decode()
        return Answer(got.status, given, text, raw)

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
