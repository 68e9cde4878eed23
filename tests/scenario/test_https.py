"""HTTPS on both planes, and the way there: what a browser is told, which TLS is spoken, clients that are rude or many, certificates on SIGHUP."""
import http.client
import json
import re
import shutil
import signal
import socket
import ssl
import warnings

from browser import Browser, Events, tls_context
from manager import Manager
from pair import make_authority, make_pair, make_signed
from server import PATIENCE, Alto, free_port, wait_until


def raw(port, text, **options):
    """One request as bytes; all that comes until the server closes."""
    with socket.create_connection(('127.0.0.1', port), PATIENCE) as plain, \
            tls_context(**options).wrap_socket(plain, server_hostname='localhost') as s:
        s.sendall(text.encode())
        answer = b''
        while True:
            try:
                piece = s.recv(65536)
            except (ssl.SSLError, ConnectionResetError):
                break
            if not piece:
                break
            answer += piece
        return answer.decode()


def certificate_at(port):
    with socket.create_connection(('127.0.0.1', port), PATIENCE) as plain, \
            tls_context().wrap_socket(plain, server_hostname='localhost') as s:
        return s.getpeercert(binary_form=True)


def test_what_a_browser_is_told(port, admin):
    for browser in Browser(port), Browser(admin):
        answer = browser.ask('GET', '/healthz')
        assert (answer.status, answer.text) == (200, 'ok\n'), answer
        policy = answer.headers['content-security-policy']
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, policy
        assert 'unsafe' not in policy and '*' not in policy, policy
        assert answer.headers['strict-transport-security'].startswith('max-age='), answer.headers
        assert answer.headers['x-content-type-options'] == 'nosniff', answer.headers
        assert answer.headers['referrer-policy'] == 'no-referrer', answer.headers
        assert answer.headers['cross-origin-resource-policy'] == 'same-origin', answer.headers
        assert 'microphone=(self)' in answer.headers['permissions-policy'], answer.headers
        refused = browser.ask('GET', '/api/v1/tenants')
        assert refused.status == 401 and refused.json['code'] == 'no-login', refused
        assert 'content-security-policy' in refused.headers
        assert browser.ask('GET', '/metrics').status == 401
    refused = Browser(port).ask('POST', '/', headers={'Content-Length': '0'})
    assert (refused.status, refused.headers['allow']) == (405, 'GET, HEAD'), refused
    # The library would choose among virtual hosts by what the client says; there is one.
    for host in 'admin', 'local', 'secure', 'localhost:8444', 'elsewhere.example':
        assert raw(port, f'GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n').startswith('HTTP/1.1 200')
        refused = raw(port, f'GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n')
        assert refused.startswith('HTTP/1.1 401'), refused


def test_heads(port):
    """HEAD has the head of GET, and nothing behind it: what comes next on the connection is the next answer."""
    browser = Browser(port)
    for path, status in ('/healthz', 200), ('/api/v1/tenants', 401), ('/api/v1/nothing', 404):
        whole = browser.ask('GET', path)
        kept = browser.connection.sock
        head = browser.ask('HEAD', path)
        assert (head.status, head.text) == (whole.status, '') and whole.status == status, (path, head)
        assert head.headers == whole.headers and int(head.headers['content-length']) > 0, (path, head.headers)
        assert browser.ask('GET', path).text == whole.text and browser.connection.sock is kept, path
    answer = raw(port, 'HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    assert answer.startswith('HTTP/1.1 200') and answer.endswith('\r\n\r\n'), answer


def test_in_clear(plain, port):
    """The names of the certificate lead to HTTPS, those under its wildcard too, without any authority; nothing else does."""
    def ask(host):
        connection = http.client.HTTPConnection('127.0.0.1', plain, timeout=PATIENCE)
        connection.request('GET', '/people?x=1', headers={'Host': host})
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.getheader('Location')

    for host, name in ('pbx.test', 'pbx.test'), ('PBX.Test:80', 'pbx.test'), ('eu.pbx.test', 'eu.pbx.test'):
        assert ask(host) == (308, f'https://{name}:{port}/people?x=1'), ask(host)
    for host in 'test', 'first', '.test', '.pbx.test', '*.pbx.test', 'a.b.pbx.test', 'a_b.pbx.test', 'x@pbx.test', '127.0.0.1', '':
        assert ask(host) == (404, None), (host, ask(host))


def test_tls(alto, port):
    for version, name in (ssl.TLSVersion.TLSv1_2, 'TLSv1.2'), (ssl.TLSVersion.TLSv1_3, 'TLSv1.3'):
        context = tls_context()
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(['h2', 'http/1.1'])
        with socket.create_connection(('127.0.0.1', port)) as plain, context.wrap_socket(plain) as s:
            assert (s.version(), s.selected_alpn_protocol()) == (name, 'http/1.1'), (s.version(), s.selected_alpn_protocol())
    old = tls_context()
    old.set_ciphers('ALL:@SECLEVEL=0')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        with socket.create_connection(('127.0.0.1', port)) as plain, old.wrap_socket(plain) as s:
            raise AssertionError(f'{s.version()} was spoken')
    except ssl.SSLError as error:
        assert 'PROTOCOL_VERSION' in str(error).upper() or 'UNSUPPORTED' in str(error).upper(), error
    assert certificate_at(port) == certificate_at(alto.tls_port)
    # Plain HTTP is closed, not answered.
    with socket.create_connection(('127.0.0.1', port), PATIENCE) as plain:
        plain.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        try:
            assert not plain.recv(4096).startswith(b'HTTP')
        except ConnectionResetError:
            pass


def test_rude_clients(port):
    # What comes behind a request, in its TLS record or the next, is not mixed up with it.
    behind = ('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
              'POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}')
    answer = raw(port, behind)
    assert answer.startswith('HTTP/1.1 200') and answer.count('HTTP/1.1') == 1, answer
    answer = raw(port, behind + 'x' * 30000)
    assert answer.startswith('HTTP/1.1 200') and answer.count('HTTP/1.1') == 1, answer
    for upgrade in 'h2c', 'tls/1.2', 'websocket':
        answer = raw(port, f'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n')
        assert not answer.startswith('HTTP/1.1 101'), answer
    assert 'HTTP/1.1 200' not in raw(port, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n')
    answer = raw(port, 'POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n')
    assert ' 413 ' in answer.splitlines()[0], answer


def is_alone(alto):
    """Waits until it has noticed that all others are gone, which until then take the room of those who come."""
    wait_until(lambda: re.search(r'^alto_web_connections 1$', alto.api('GET', '/metrics')[1], re.M), 'one connection and no more')


def stranger(port, number):
    """A connection from one of four addresses, which never comes to a handshake."""
    s = socket.create_connection(('127.0.0.1', port), PATIENCE, source_address=(f'127.0.0.{2 + number % 4}', 0))
    s.sendall(b'\x16')  # the kernel hands over what has said something
    return s


def test_a_crowd(alto, port):
    """Four addresses take all there is, and take it again: another one is served, and keeps its connection."""
    is_alone(alto)
    start = len(alto.log.all)
    crowd = [stranger(port, number) for number in range(256)]
    browser = Browser(port)
    try:
        assert browser.ask('GET', '/healthz').status == 200
        kept = browser.connection.sock
        crowd += [stranger(port, number) for number in range(64)]
        assert alto.api('GET', '/healthz')[0] == 200
        assert browser.ask('GET', '/healthz').status == 200 and browser.connection.sock is kept
        assert Browser(port).ask('GET', '/healthz').status == 200
    finally:
        for s in crowd:
            s.close()
    browser.close()
    is_alone(alto)
    assert len(alto.log.all) - start < len(crowd) // 2, alto.log.all[-5:]  # not a line for each of them


def test_an_office(alto, port):
    """200 open pages behind one address, each with a connection beside its events; and there is room for the next."""
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
    tokens = [alto.command('token', 'add', f'watcher-{n}', '--tenant', 'acme').strip() for n in range(8)]
    browsers = [Browser(port, tokens[number % len(tokens)]) for number in range(200)]
    pages = []
    for browser in browsers:
        assert browser.ask('GET', '/api/v1/users').status == 200
        pages.append(Events(browser, origin=None))
        assert pages[-1].status == 101, pages[-1].body
    assert 'alto_web_streams 200\n' in alto.api('GET', '/metrics')[1]
    alto.command('user', 'add', 'acme', 'anna', '--extension', '300', '--name', 'Anna')
    for page in pages:
        assert page.wait_for(kind='user')[0]['action'] == 'changed'
    for _ in range(8):
        pages.append(Events(browsers[0], origin=None))
    assert [page.status for page in pages[200:]] == [101] * 7 + [429], [page.status for page in pages[200:]]
    assert 'close some of them' in pages[-1].body, pages[-1].body
    # A page's script is told nothing of that by its browser, and asks.
    full, room = (browsers[n].ask('GET', '/api/v1/events') for n in (0, 1))
    assert (full.status, full.json['code'], full.json['detail']) == (429, 'too-often', json.loads(pages[-1].body)['detail']), full
    assert (room.status, room.json['code']) == (400, 'bad-request'), room
    for one in pages + browsers:
        one.close()
    is_alone(alto)


def knocking(port):
    """A connection whose handshake has begun."""
    s = tls_context().wrap_socket(socket.create_connection(('127.0.0.1', port), PATIENCE), server_hostname='localhost',
                                  do_handshake_on_connect=False)
    s.setblocking(False)
    try:
        s.do_handshake()
    except ssl.SSLWantReadError:
        pass
    s.settimeout(PATIENCE)
    return s


def test_at_nine(alto, port):
    """Pages behind one address that load in the same instant, with more connections than it may have: each has its answer."""
    is_alone(alto)
    for s in [knocking(port) for _ in range(64 + 36)]:
        s.do_handshake()
        s.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        answer = b''
        while piece := s.recv(4096):
            answer += piece
        assert answer.endswith(b'\r\n\r\nok\n'), answer
        s.close()
    assert 'alto_web_turned_away_total 0\n' in alto.api('GET', '/metrics')[1]
    is_alone(alto)


def put(alto, pair):
    for made, used in zip(pair, ('used.crt', 'used.key')):
        shutil.copy(made, alto.directory / used)


def test_reload(alto, port, manager):
    browser = Browser(port)
    assert browser.ask('GET', '/healthz').status == 200
    before, kept = certificate_at(port), browser.connection.sock
    put(alto, make_pair(alto.directory, 'next'))
    alto.process.send_signal(signal.SIGHUP)
    assert manager.next()['RELOADING'] == '1' and manager.next()['READY'] == '1'
    assert certificate_at(port) != before and certificate_at(port) == certificate_at(alto.tls_port)
    assert browser.ask('GET', '/healthz').status == 200 and browser.connection.sock is kept


port, admin, phones, plain = free_port(), free_port(), free_port(), free_port()
alto = Alto({'sip_tls': [f'127.0.0.1:{phones}'], 'https': [f'127.0.0.1:{port}'], 'admin': [f'127.0.0.1:{admin}'],
             'http': [f'127.0.0.1:{plain}']})
alto.tls_port = phones
put(alto, make_signed(alto.directory, 'first', 'DNS:pbx.test,DNS:*.pbx.test,IP:127.0.0.1',
                      make_authority(alto.directory, 'authority')))
with alto.config.open('a') as config:
    config.write(f'tls: {{certificate: {alto.directory}/used.crt, key: {alto.directory}/used.key}}\n')
with Manager(alto.directory / 'notify') as manager, alto:
    assert manager.next()['READY'] == '1'
    shown = alto.command('status')
    assert f'HTTPS 127.0.0.1:{port} for companies' in shown and f'HTTPS 127.0.0.1:{admin} for provider' in shown, shown
    test_what_a_browser_is_told(port, admin)
    test_heads(port)
    test_in_clear(plain, port)
    test_tls(alto, port)
    test_rude_clients(port)
    test_at_nine(alto, port)
    test_a_crowd(alto, port)
    test_an_office(alto, port)
    test_reload(alto, port, manager)
    alto.stop()
