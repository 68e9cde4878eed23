"""SIP over secure WebSocket: who may open one, how its frames become messages, and phones in pages that ring each other."""
import base64
import contextlib
import hashlib
import hmac
import signal

from browser import Browser, Events
from server import Alto, free_port
from softphone import DOMAIN, Softphone
from webphone import BINARY, PING, PONG, TEXT, WebPhone, WebSocket

PASSWORD = 'correct horse'
LARGEST = 65535  # SIP_MESSAGE_MAX
CONTINUED = 0
PAGES_OF_PERSON = 8  # WEB_PHONES_OF_PERSON


def options(n, padding=''):
    return (f'OPTIONS sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n'
            f'From: <sip:x@{DOMAIN}>;tag=1\r\nTo: <sip:{DOMAIN}>\r\nCall-ID: c{n}\r\nCSeq: {n} OPTIONS\r\n'
            f'{padding}\r\n').encode()


def test_who_may_open(company, admin, anna):
    for browser, path, origin, protocol, status in (
            (anna, '/sip', 'own', 'sip', 101), (Browser(company), '/sip', None, 'sip', 101),
            (Browser(company), '/sip', 'own', 'foo, sip', 101), (Browser(company), '/sip', None, None, 400),
            (anna, '/sip', 'own', 'msrp', 400), (anna, '/sip', None, 'sip', 403),
            (anna, '/sip', 'https://evil.example', 'sip', 403), (Browser(company), '/sip', 'null', 'sip', 403),
            (Browser(admin), '/sip', None, 'sip', 404), (anna, '/sip/', 'own', 'sip', 404)):
        web = WebSocket(browser, path, origin, protocol=protocol)
        assert web.status == status, (path, origin, protocol, web.status, web.body)
        assert status != 101 or web.protocol == 'sip', web.protocol
        web.close()


def test_frames(company):
    """One message in one message, whatever the frames; keep-alives of both kinds; and the largest there may be."""
    web = WebSocket(Browser(company))

    def answered(n):
        said = web.message().decode()
        assert said.startswith('SIP/2.0 ') and f'Call-ID: c{n}\r\n' in said, said

    web.send(options(1))
    answered(1)
    web.send(options(2), BINARY)
    answered(2)
    text = options(3)
    web.send(text[:10], TEXT, last=False)
    web.send(b'between', PING)
    assert web.frame() == (PONG, b'between')
    for at in range(10, len(text), 50):
        web.send(text[at:at + 50], CONTINUED, last=False)
    web.send(b'', CONTINUED)
    answered(3)
    web.send(b'\r\n\r\n')
    assert web.message() == b'\r\n'
    web.send(options(4, f'X: {"x" * (LARGEST - len(options(4)) - 5)}\r\n'))  # more than one answer can say of it
    answered(4)
    web.send(options(5, f'X: {"x" * (LARGEST + 1 - len(options(5)) - 5)}\r\n'))
    assert web.message() is None, 'larger than a message may be'
    web.close()


def phone_of(browser, room=None, **asked):
    """A page that has become a phone, and what it was given."""
    given = browser.ask('POST', '/api/v1/session/phone', asked)
    assert given.status == 201, given.text
    given = given.json
    extension = given['aor'][4:].split('@')[0]
    return WebPhone((given['username'], given['password']), extension, browser, room=room), given


def call(caller, callee, extension):
    a = caller.dial(extension)
    b = callee.incoming().accept()
    assert a.answered()
    return a, b


def hang_up(leaver, other):
    assert leaver.ask('BYE').status == 200
    other.ended()


def test_calls(alto, anna, bruno):
    (first, given), (second, _) = phone_of(anna), phone_of(bruno, digest='sha-256')
    assert (given['aor'], given['websocket'], given['display_name']) == ('sip:101@acme.example', '/sip', 'Person 101')
    with first, second:
        first.register()
        second.kind = BINARY
        second.register()
        a, b = call(first, second, '102')
        assert ';transport=ws' in a.target and 'SIP/2.0/WSS' in b.invite['Via'], (a.target, b.invite['Via'])
        hang_up(b, a)
        row = alto.last_call()
        assert row['caller']['transport'] == row['callee']['transport'] == 'WSS', row
        hang_up(*call(second, first, '101'))
        # It is no device of the database: nobody lists it, and none of its registration is written.
        user = next(u for u in alto.listing('user', 'list', 'acme') if u['login'] == 'p101')
        devices = alto.api('GET', '/api/v1/devices?tenant=acme&user=p101')[1]['items']
        assert [d['name'] for d in devices] == ['desk'], (user, devices)
        # The same for longer; another session cannot have it.
        again = anna.ask('POST', '/api/v1/session/phone', {'username': given['username']}).json
        assert again['password'] == given['password'] and again['expires_at'] > given['expires_at'], again
        assert bruno.ask('POST', '/api/v1/session/phone', {'username': given['username']}).json['aor'] == 'sip:102@acme.example'


def refused(phone):
    """A registration to which the server says no, however often."""
    try:
        phone.register()
    except AssertionError as e:
        return '401' in str(e)
    return False


def test_where_it_is_good(alto, company, anna, bruno):
    """On its person's own pages; nowhere else is there such a device."""
    phone, given = phone_of(anna)
    account = given['username'], given['password']
    with phone, WebPhone(account, '101', bruno) as of_another, WebPhone(account, '101', Browser(company)) as of_nobody, \
            Softphone(account, '101', ('127.0.0.1', alto.tls_port), 'tls') as desk:
        for elsewhere in of_another, of_nobody, desk:
            assert refused(elsewhere)
        phone.register()


def test_closed_pages(anna, bruno):
    """Whose page has closed is not connected, at once, and all are told; loaded anew it is the phone that it was. However
    many have come and gone, nobody's open page is taken for it."""
    with phone_of(anna)[0] as staying, phone_of(bruno)[0] as caller, contextlib.closing(Events(bruno)) as events:
        def change_to(count):
            while True:
                told, _ = events.wait_for(kind='user', action='changed')
                users = bruno.ask('GET', '/api/v1/users').json['items']
                [person] = [u for u in users if u['login'] == 'p101']
                said = told['presence']['devices_registered'] if told['id'] == person['id'] else None
                if said == person['devices_registered'] == count:
                    return

        caller.register()
        staying.register()
        change_to(1)
        kept = None
        for loaded_anew in [False] + [True] * 4 + [False] * 9:
            page, given = phone_of(anna, **({'username': kept} if loaded_anew else {}))
            assert (given['username'] == kept) == loaded_anew, given
            kept = given['username']
            with page:
                page.register()
                change_to(2)
            change_to(1)
        hang_up(*call(caller, staying, '101'))
        with contextlib.ExitStack() as pages:
            for _ in range(PAGES_OF_PERSON - 1):
                pages.enter_context(phone_of(anna)[0]).register()
            assert anna.ask('POST', '/api/v1/session/phone', {}).status == 503
            hang_up(*call(caller, staying, '101'))


def on_a_call(browser):
    return {u['login'] for u in browser.ask('GET', '/api/v1/users').json['items'] if u['busy']}


def test_its_end(alto, company, anna, bruno):
    """With the session: the WebSocket and its call end, and nobody rings there any more."""
    browser = Browser(company)
    assert browser.login('p103@acme.example', PASSWORD).status == 200
    (leaving, _), (staying, _) = phone_of(browser), phone_of(anna)
    [person] = [u['id'] for u in anna.ask('GET', '/api/v1/users').json['items'] if u['login'] == 'p103']
    with staying, contextlib.closing(Events(anna)) as events:
        leaving.register()
        events.wait_for(kind='user', action='changed', id=person)  # not one whose page has closed before
        staying.register()
        hang_up(*call(staying, leaving, '103'))
        other, _ = call(staying, leaving, '103')
        assert on_a_call(bruno) == {'p101', 'p103'}, 'a plain user sees who is on a call'
        assert bruno.ask('GET', '/api/v1/calls?live=true').json['items'] == []
        assert browser.ask('DELETE', '/api/v1/session').status == 204
        events.wait_for(kind='user', action='changed', id=person)  # on a call
        leaving.wait_for_end()
        assert other.ended()['Reason'] == 'SIP;cause=480;text="Logged out"'
        events.wait_for(kind='user', action='changed', id=person)  # on no call any more
        assert on_a_call(bruno) == set()
        row = alto.last_call()
        assert (row['cause'], row['ended_by']) == ('logged-out', 'callee') and row['answered'], row
        events.wait_for(kind='user', action='changed', id=person)
        assert staying.dial('103').final() == 480
    leaving.socket.close()


def test_who_does_not_read(alto, company, anna):
    deaf, _ = phone_of(anna, room=4096)
    deaf.register()
    with deaf.using:  # so it does not read
        try:
            for n in range(100000):
                deaf.web.socket.sendall(deaf.web.framed(options(n)))
        except OSError:
            pass
        else:
            raise AssertionError('it was not closed')
    assert 'alto_transport_drops_total{reason="overflow"} 1\n' in alto.api('GET', '/metrics')[1]


def test_relays(alto, secret, anna):
    """Credentials that a TURN server with the same secret works out for itself; a new secret is read on SIGHUP."""
    for words in 'a-secret-of-the-relay', 'another-secret-of-the-relay':
        secret.write_text(words + '\n')
        start = len(alto.log.all)
        alto.process.send_signal(signal.SIGHUP)
        alto.log.wait_for('serve.certificate_reloaded', start=start)
        [server] = anna.ask('POST', '/api/v1/session/phone', {}).json['ice_servers']
        assert server['urls'] == ['turn:turn.acme.example:3478?transport=udp', 'turns:turn.acme.example:5349'], server
        mac = hmac.new(words.encode(), server['username'].encode(), hashlib.sha1).digest()
        assert server['credential'] == base64.b64encode(mac).decode(), server


company, admin, tls = free_port(), free_port(), free_port()
alto = Alto({'sip_tls': [f'127.0.0.1:{tls}'], 'https': [f'127.0.0.1:{company}'], 'admin': [f'127.0.0.1:{admin}']})
secret = alto.directory / 'turn.secret'
secret.write_text('the-secret-at-the-start\n')
with alto.config.open('a') as config:
    config.write('turn:\n  urls: ["turn:turn.acme.example:3478?transport=udp", "turns:turn.acme.example:5349"]\n'
                 f'  secret: {secret}\n')
with alto:
    alto.tls_port = tls
    accounts = alto.company(people=('101', '102', '103'))
    for person in 'p101', 'p102', 'p103':
        alto.command('user', 'password', 'acme', person, '--password', PASSWORD)
    anna, bruno = Browser(company), Browser(company)
    assert anna.login('p101@acme.example', PASSWORD).status == 200
    assert bruno.login('p102@acme.example', PASSWORD).status == 200
    test_who_may_open(company, admin, anna)
    test_frames(company)
    test_calls(alto, anna, bruno)
    test_where_it_is_good(alto, company, anna, bruno)
    test_closed_pages(anna, bruno)
    test_its_end(alto, company, anna, bruno)
    test_who_does_not_read(alto, company, anna)
    test_relays(alto, secret, anna)
    alto.stop()
