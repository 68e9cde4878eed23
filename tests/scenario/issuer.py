"""Issuers of identity: a real one (oidc-provider, run by the console's Node), and one that says what it is told to say."""
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import re
import ssl
import subprocess
import threading
import time
import urllib.parse

from authenticator import coded
from browser import tls_context
from server import PATIENCE, Lines, free_port


class Real:
    """`with Real(...) as issuer:` waits until it listens."""

    def __init__(self, files, clients):
        self.port = free_port()
        self.url = f'https://127.0.0.1:{self.port}'
        self.settings = {'port': self.port, 'certificate': str(files[0]), 'key': str(files[1]), 'clients': clients}

    def __enter__(self):
        script = pathlib.Path(os.environ['ALTO_SOURCE']) / 'scripts' / 'console'
        self.process = subprocess.Popen([script, 'node', 'tests/issuer/issuer.js'], text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env={**os.environ, 'ISSUER': json.dumps(self.settings)})
        Lines(self.process.stdout).wait_for('ready')
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def sign_in(self, url, login):
        """As a browser: from the address of the way out to the fragment that comes back, as a dict with its page."""
        cookies = {}
        form = None
        while url.startswith(self.url):
            connection = http.client.HTTPSConnection('127.0.0.1', self.port, timeout=PATIENCE, context=tls_context())
            headers = {'Cookie': '; '.join(f'{k}={v}' for k, v in cookies.items())}
            if form:
                headers['Content-Type'] = 'application/x-www-form-urlencoded'
            connection.request('POST' if form else 'GET', url.removeprefix(self.url), form and urllib.parse.urlencode(form),
                               headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            for cookie in answer.headers.get_all('Set-Cookie') or []:
                name, _, value = cookie.split(';')[0].partition('=')
                cookies[name] = value
            connection.close()
            form = None
            if answer.status in (302, 303):
                url = urllib.parse.urljoin(url, answer.headers['Location'])
                continue
            assert answer.status == 200, (answer.status, url, text)
            prompt = re.search(r'name="prompt" value="(\w+)"', text).group(1)
            url = urllib.parse.urljoin(url, re.search(r'action="([^"]+)"', text).group(1))
            form = {'prompt': prompt, 'login': login, 'password': 'any'}
        return back(url)


def back(url):
    page, _, fragment = url.partition('#')
    return {'page': page, **dict(urllib.parse.parse_qsl(fragment))}


class Key:
    def __init__(self, directory, name, kind='RSA'):
        self.kid, self.kind, self.file = name, kind, directory / f'{name}.pem'
        more = ['rsa_keygen_bits:2048'] if kind == 'RSA' else ['ec_paramgen_curve:P-256']
        subprocess.run(['openssl', 'genpkey', '-algorithm', kind, '-pkeyopt', *more, '-out', self.file], check=True,
                       capture_output=True)

    def public(self):
        if self.kind == 'RSA':
            text = subprocess.run(['openssl', 'rsa', '-in', self.file, '-noout', '-modulus'], check=True, text=True,
                                  capture_output=True).stdout
            return {'kty': 'RSA', 'kid': self.kid, 'n': coded(bytes.fromhex(text.strip().removeprefix('Modulus='))), 'e': 'AQAB'}
        der = subprocess.run(['openssl', 'pkey', '-in', self.file, '-pubout', '-outform', 'DER'], check=True,
                             capture_output=True).stdout
        return {'kty': 'EC', 'kid': self.kid, 'crv': 'P-256', 'x': coded(der[-64:-32]), 'y': coded(der[-32:])}

    def sign(self, claims, **head):
        head = {'alg': 'RS256' if self.kind == 'RSA' else 'ES256', 'kid': self.kid, **head}
        text = f'{coded(json.dumps(head).encode())}.{coded(json.dumps(claims).encode())}'
        signature = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', self.file], check=True, input=text.encode(),
                                   capture_output=True).stdout
        return f'{text}.{coded(signature if self.kind == "RSA" else flat(signature))}'


def flat(der):
    """r and s behind each other (RFC 7518 §3.4) of a signature in DER."""
    n = der[3]
    r, s = der[4:4 + n], der[6 + n:]
    return r.lstrip(b'\0').rjust(32, b'\0') + s.lstrip(b'\0').rjust(32, b'\0')


def unsigned(claims, alg, secret=None):
    """A token that nobody may believe: no signature, or one by what everybody knows."""
    text = f'{coded(json.dumps({"alg": alg}).encode())}.{coded(json.dumps(claims).encode())}'
    return text + '.' + (coded(hmac.new(secret, text.encode(), hashlib.sha256).digest()) if secret else '')


class Told(http.server.ThreadingHTTPServer):
    """Says in `document` and `keys` what it is asked for, and gives `token` for any code; `codes` came with their secrets."""

    daemon_threads = True

    def __init__(self, files, directory, host='127.0.0.1'):
        self.port = free_port()
        self.url = f'https://{host}:{self.port}'
        self.key = Key(directory, 'first')
        self.keys, self.token, self.asked, self.codes = {'keys': [self.key.public()]}, None, [], []
        self.document = {'issuer': self.url, 'authorization_endpoint': f'{self.url}/in?to=us', 'token_endpoint': f'{self.url}/token',
                         'jwks_uri': f'{self.url}/keys', 'userinfo_endpoint': f'{self.url}/userinfo',
                         'end_session_endpoint': f'{self.url}/out', 'token_endpoint_auth_methods_supported': ['client_secret_post']}
        super().__init__((host, self.port), Telling)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, url):
        """The id of the company that this way out began at."""
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))['redirect_uri'].rpartition('/')[2]

    def claims(self, url, **other):
        """Of an ID token that answers this way out, with what is to be another: None leaves it out."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        now = int(time.time())
        claims = {'iss': self.url, 'aud': asked['client_id'], 'sub': 'sub-of-anna', 'exp': now + 60, 'iat': now,
                  'nonce': asked['nonce'], 'email': 'Anna@Acme.Example', 'email_verified': True, **other}
        return {name: value for name, value in claims.items() if value is not None}


class Telling(http.server.BaseHTTPRequestHandler):
    def answer(self, what, status=200):
        text = json.dumps(what).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.server.asked.append(self.path)
        known = {'/.well-known/openid-configuration': self.server.document, '/keys': self.server.keys}
        self.answer(known.get(self.path, {}), 200 if self.path in known else 404)

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers['Content-Length'])).decode()))
        self.server.codes.append((form, self.headers['Authorization']))
        self.answer({'id_token': self.server.token, 'token_type': 'Bearer', 'access_token': 'x'} if self.server.token
                    else {'error': 'invalid_grant'}, 200 if self.server.token else 400)

    def log_message(self, *_):
        pass
