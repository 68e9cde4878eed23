"""The console's files over HTTPS: packed, cached, found again by a page's own path; nothing outside of them is reached."""
import gzip
import os
import pathlib
import shutil
import socket
import ssl
import tempfile

import server
from browser import Browser, tls_context
from server import PATIENCE, Alto, free_port

INDEX = '<!doctype html><title>Alto</title><script src="/assets/app-1a2b.js"></script>'
SCRIPT = 'console.log("Alto");\n' * 2000


def ask_raw(port, path):
    with socket.create_connection(('127.0.0.1', port), PATIENCE) as plain, tls_context().wrap_socket(plain) as s:
        s.sendall(f'GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'.encode())
        answer = b''
        try:
            while piece := s.recv(65536):
                answer += piece
        except (ssl.SSLError, ConnectionResetError):
            pass
        return answer.decode(errors='replace')


def build(console):
    (console / 'assets').mkdir(parents=True)
    (console / 'index.html').write_text(INDEX)
    (console / 'assets' / 'app-1a2b.js').write_text(SCRIPT)
    (console / 'assets' / 'app-1a2b.js.gz').write_bytes(gzip.compress(SCRIPT.encode()))
    (console / 'assets' / 'app-1a2b.js.br').write_bytes(b'packed by brotli')
    (console / '.secret').write_text('not to be seen')
    (console / 'link.txt').symlink_to('/etc/passwd')


with tempfile.TemporaryDirectory(prefix='alto-') as directory:
    # The program finds the console beside itself.
    there = pathlib.Path(directory)
    shutil.copy(os.path.realpath(server.ALTO), there / 'alto')
    port, admin = free_port(), free_port()
    listen = {'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{port}'], 'admin': [f'127.0.0.1:{admin}']}
    server.ALTO = str(there / 'alto')
    with Alto(listen) as alto:
        answer = Browser(port).ask('GET', '/')
        assert answer.status == 404 and 'not installed' in answer.text and '/' + 'tmp' not in answer.text, answer
    build(there / 'console')
    with Alto(listen) as alto:
        browser = Browser(port)
        for path in '/', '/index.html', '/people/anna', '/settings':
            answer = browser.ask('GET', path)
            assert (answer.status, answer.text) == (200, INDEX), (path, answer)
            assert answer.headers['content-type'] == 'text/html; charset=utf-8'
            assert answer.headers['cache-control'] == 'no-cache' and "script-src 'self'" in answer.headers[
                'content-security-policy'], answer.headers
            assert browser.ask('GET', path, headers={'If-None-Match': answer.headers['etag']}).status == 304
            assert browser.ask('GET', path, headers={'If-None-Match': '"other"'}).status == 200
        assert Browser(admin).ask('GET', '/').text == INDEX
        script = '/assets/app-1a2b.js'
        for accepted, encoding in (('gzip, deflate, br', 'br'), ('gzip', 'gzip'), ('br;q=0, gzip;q=0.5', 'gzip'), (None, None),
                                   ('identity', None), ('gzip;q=0', None)):
            answer = browser.ask('GET', script, headers={'Accept-Encoding': accepted or 'identity'})
            assert (answer.status, answer.headers.get('content-encoding')) == (200, encoding), (accepted, answer.headers)
            assert 'immutable' in answer.headers['cache-control'] and answer.headers['vary'] == 'accept-encoding'
            body = {None: SCRIPT.encode(), 'gzip': gzip.compress(SCRIPT.encode()), 'br': b'packed by brotli'}[encoding]
            assert len(answer.body) == len(body), (accepted, len(answer.body))
        # What is not there is not a page, and what is not the console's is not there.
        for path in ('/assets/app-old.js', '/.secret', '/link.txt', '/console/index.html'):
            assert browser.ask('GET', path).status in (404,), path
        for path in ('/../alto', '/..%2f..%2fetc/passwd', '/assets/../../etc/passwd', '/assets/..%2f..%2f..%2fetc%2fpasswd',
                     '//etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/%00', '/assets/....//....//etc/passwd'):
            answer = ask_raw(port, path)
            assert 'root:' not in answer and 'ELF' not in answer, (path, answer[:200])
        assert browser.ask('GET', '/api/v1/nothing').json['code'] == 'not-found'
        assert browser.ask('POST', '/', {}).status == 405
        assert alto.api('GET', '/')[0] == 404  # programs have no use for it
