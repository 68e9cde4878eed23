"""The account of a phone for Linphone: an address in a QR code that answers once, to whoever has it, for a short while."""
import base64
import hashlib
import xml.etree.ElementTree as ElementTree

from browser import Browser
from server import Alto, free_port

PASSWORD = 'correct horse'
LPCONFIG = '{http://www.linphone.org/xsds/lpconfig.xsd}'


def device(asker, tenant='acme', user='anna', **more):
    answer = asker.ask('POST', '/api/v1/devices', {'tenant': tenant, 'user': user, **more})
    assert answer.status == 201, answer
    return answer.json


def path_of(made):
    return '/' + made['account']['provisioning']['url'].split('/', 3)[3]


def file_of(text):
    """{section: {entry: value}}, as Linphone reads it: each of them stands in the place of what the app has."""
    root = ElementTree.fromstring(text)
    assert root.tag == LPCONFIG + 'config', root.tag
    entries = [(s.get('name'), e) for s in root for e in s]
    assert all(e.get('overwrite') == 'true' for _, e in entries), text
    found = {}
    for section, entry in entries:
        assert entry.get('name') not in found.setdefault(section, {}), text
        found[section][entry.get('name')] = entry.text or ''
    return found


def test_the_file(boss, company, tls):
    made = device(boss, name='phone', digest='sha-256')
    account = made['account']
    assert account['provisioning']['url'].startswith(f'https://localhost:{company}/api/v1/provisioning/'), account
    answer = Browser(company).ask('GET', path_of(made))  # nobody is logged in on a phone
    assert (answer.status, answer.headers['content-type']) == (200, 'application/xml'), answer
    assert answer.headers['cache-control'] == 'no-store', answer.headers
    got = file_of(answer.text)
    assert got['misc'] == {'transient_provisioning': '1'}, got
    assert (got['sip']['media_encryption'], got['sip']['media_encryption_mandatory']) == ('srtp', '1'), got
    secret = f'{account["username"]}:alto:{account["password"]}'
    assert got['auth_info_0'] == {
        'username': '101', 'userid': account['username'], 'ha1': hashlib.sha256(secret.encode()).hexdigest(), 'passwd': '',
        'algorithm': 'SHA-256', 'realm': 'alto', 'domain': 'acme.example'}, got
    assert account['password'] not in answer.text
    server = f'<sip:localhost:{tls};transport=tls>'  # by the name that was asked, which the certificate is for
    assert got['proxy_0'] == {'reg_identity': r'"Anna \"<&>\" Nowak" <sip:101@acme.example>', 'reg_proxy': server,
                              'reg_route': server, 'reg_sendregister': '1', 'realm': 'alto'}, got
    md5 = device(boss, name='other', srtp='dtls')
    got = file_of(Browser(company).ask('GET', path_of(md5)).text)
    secret = f'{md5["account"]["username"]}:alto:{md5["account"]["password"]}'
    assert got['auth_info_0']['ha1'] == hashlib.md5(secret.encode()).hexdigest(), got
    assert (got['auth_info_0']['algorithm'], got['sip']['media_encryption']) == ('MD5', 'dtls'), got


def refused(company, path):
    answer = Browser(company).ask('GET', path)
    assert (answer.status, answer.json['code']) == (404, 'unknown-device'), answer
    return answer.text


def test_once(alto, boss, company):
    made = device(boss, name='once')
    assert Browser(company).ask('GET', path_of(made)).status == 200
    said = refused(company, path_of(made))
    # Of another device, of another company's, changed in one bit, none: all the same.
    fresh = device(boss, name='fresh')
    front, sealed = path_of(fresh).rsplit('.', 1)
    bits = bytearray(base64.urlsafe_b64decode(sealed + '=='))
    bits[0] ^= 1
    beta = alto.api('POST', '/api/v1/devices', {'tenant': 'beta', 'user': 'zoe', 'name': 'phone'})[1]
    assert beta['account']['provisioning']['url'].startswith(f'https://beta.example:{company}/'), beta
    for path in (path_of(made).rsplit('.', 1)[0] + '.' + sealed, path_of(beta).rsplit('.', 1)[0] + '.' + sealed,
                 front + '.' + base64.urlsafe_b64encode(bits).decode().rstrip('='), front, front + '.', front + '.' + 54 * 'A',
                 front + '.' + sealed + 'A', path_of(fresh) + '.x', '/api/v1/provisioning/x'):
        assert refused(company, path) == said, path
    # None of them used it up.
    assert Browser(company).ask('GET', path_of(fresh)).status == 200
    assert Browser(company).ask('GET', path_of(beta)).status == 200


def test_until_it_is_another(alto, boss, company):
    """A new password ends the addresses of the old one, and what is gone has none."""
    made = device(boss, name='renewed')
    answer = boss.ask('PATCH', f'/api/v1/devices/{made["id"]}', {'password': 'another password'})
    assert answer.status == 200 and path_of(answer.json) != path_of(made), answer
    refused(company, path_of(made))
    assert Browser(company).ask('GET', path_of(answer.json)).status == 200
    gone = device(boss, name='gone')
    assert boss.ask('DELETE', f'/api/v1/devices/{gone["id"]}').status == 204
    refused(company, path_of(gone))
    before = device(boss, name='before')
    alto.stop()
    alto.start()
    boss.close()
    refused(company, path_of(before))


def test_guessers(boss, company):
    """Nobody is kept from it, nor from a log-in, by others who guess from the same address."""
    made = device(boss, name='guessed')
    guess = path_of(made).rsplit('.', 1)[0] + '.' + 54 * 'A'
    assert {Browser(company).ask('GET', guess).status for _ in range(40)} == {404}
    assert Browser(company).login('boss@acme.example', PASSWORD).status == 200
    assert Browser(company).ask('GET', path_of(made)).status == 200


company, admin, tls = free_port(), free_port(), free_port()
with Alto({'sip_tls': [f'127.0.0.1:{tls}'], 'https': [f'127.0.0.1:{company}'], 'admin': [f'127.0.0.1:{admin}']}) as alto:
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
    alto.command('tenant', 'add', 'beta', '--domain', 'beta.example')
    alto.command('user', 'add', 'acme', 'anna', '--extension', '101', '--name', 'Anna "<&>" Nowak')
    alto.command('user', 'add', 'acme', 'boss', '--extension', '104', '--name', 'Boss', '--role', 'admin', '--password', PASSWORD)
    alto.command('user', 'add', 'beta', 'zoe', '--extension', '101', '--name', 'Zoe')
    boss = Browser(company)
    assert boss.login('boss@acme.example', PASSWORD).status == 200
    test_the_file(boss, company, tls)
    test_once(alto, boss, company)
    test_until_it_is_another(alto, boss, company)
    test_guessers(boss, company)

with Alto({'sip_udp': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{company}']}, plain_rtp=True) as alto:
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
    alto.command('user', 'add', 'acme', 'anna', '--extension', '101', '--name', 'Anna')
    made = alto.api('POST', '/api/v1/devices', {'tenant': 'acme', 'user': 'anna', 'name': 'phone'})[1]
    assert made['account']['provisioning'] is None, made  # nothing that such an address could name
