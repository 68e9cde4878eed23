"""SIP over secure WebSocket: who may open one, how its frames become messages, and phones in pages that ring each other."""
import time

from browser import Browser
from server import Alto, free_port
from webphone import BINARY, PING, TEXT, WebPhone, WebSocket

PASSWORD = 'correct horse'
OPTIONS = ('OPTIONS sip:acme.example SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n'
           'From: <sip:x@acme.example>;tag=1\r\nTo: <sip:acme.example>\r\nCall-ID: c{n}\r\nCSeq: {n} OPTIONS\r\n\r\n')


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


def call(caller, callee, extension):
    a = caller.dial(extension)
    b = callee.incoming().accept()
    assert a.answered()
    return a, b


def phone_of(browser):
    """A page that has become a phone, and what it was given."""
    given = browser.ask('POST', '/api/v1/session/phone', {})
    assert given.status == 201, given.text
    given = given.json
    extension = given['aor'][4:].split('@')[0]
    return WebPhone((given['username'], given['password']), extension, browser), given


def test_calls(alto, anna, bruno):
    (first, given), (second, _) = phone_of(anna), phone_of(bruno)
    assert (given['aor'], given['websocket'], given['ice_servers']) == ('sip:101@acme.example', '/sip', [])
    assert given['display_name'] == 'Person 101'
    with first, second:
        first.register()
        second.register()
        a, b = call(first, second, '102')
        assert ';transport=ws' in a.target and 'SIP/2.0/WSS' in b.invite['Via'], (a.target, b.invite['Via'])
        assert b.ask('BYE').status == 200
        a.ended()
        row = alto.last_call()
        assert row['caller']['transport'] == row['callee']['transport'] == 'WSS', row


company, admin, tls = free_port(), free_port(), free_port()
with Alto({'sip_tls': [f'127.0.0.1:{tls}'], 'https': [f'127.0.0.1:{company}'],
           'admin': [f'127.0.0.1:{admin}']}) as alto:
    alto.tls_port = tls
    accounts = alto.company()
    for person in 'p101', 'p102':
        alto.command('user', 'password', 'acme', person, '--password', PASSWORD)
    anna, bruno = Browser(company), Browser(company)
    assert anna.login('p101@acme.example', PASSWORD).status == 200
    assert bruno.login('p102@acme.example', PASSWORD).status == 200
    test_who_may_open(company, admin, anna)
    test_calls(alto, anna, bruno)
    alto.stop()
