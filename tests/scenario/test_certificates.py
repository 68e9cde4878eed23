"""Certificates by domain from a real authority: had, shown by name on every TLS port, renewed under a call, and refused."""
import hashlib
import http.client
import socket

from browser import Browser, Events, tls_context
from pebble import Pebble
from server import PATIENCE, Alto, free_port, wait_until
from talk import call, two_phones

DOMAINS = 'acme.example', 'beta.example'
tls, https, plain = free_port(), free_port(), free_port()
alto = Alto({'sip_tls': [f'127.0.0.1:{tls}'], 'https': [f'127.0.0.1:{https}'], 'http': [f'127.0.0.1:{plain}']})
alto.tls_port = tls


def shown(port, name):
    """What a client is shown that asks for this name: the certificate's bytes, in which names stand as they are."""
    with socket.create_connection(('127.0.0.1', port), PATIENCE) as raw, \
            tls_context().wrap_socket(raw, server_hostname=name) as s:
        return s.getpeercert(binary_form=True)


def fingerprint(der):
    return ':'.join(f'{byte:02X}' for byte in hashlib.sha256(der).digest())


def ask(method, path, host, **headers):
    connection = http.client.HTTPConnection('127.0.0.1', plain, timeout=PATIENCE)
    connection.request(method, path, headers={'Host': host, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader('Location'), text, dict(answer.getheaders())


def certificate(domain):
    items = alto.api('GET', '/api/v1/certificates')[1]['items']
    return next((c for c in items if c['domain'] == domain), None)


def packets():
    text = alto.api('GET', '/metrics')[1]
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith('alto_media_packets_received_total ')))


def test_each_domain_has_its_own():
    for domain in DOMAINS:
        for port in tls, https:
            told = shown(port, domain)
            assert domain.encode() in told and b'Pebble' in told, told
        c = certificate(domain)
        assert (c['state'], c['fits'], c['self_signed'], c['trouble'], c['failures']) == ('held', True, False, None, 0), c
        assert c['begins'] < c['next'] < c['expires'] and c['fingerprint'] == fingerprint(shown(https, domain)), c
        [file] = alto.data.glob(f'acme/*/{domain}.pem')
        assert file.stat().st_mode & 0o777 == 0o600
    for port in tls, https:
        assert b'Pebble' not in shown(port, 'elsewhere.example')
    own = certificate(None)
    assert own['self_signed'] and own['domain'] is None, own


def test_a_company_sees_its_own():
    admin = Browser(https, alto.command('token', 'add', 'admin', '--tenant', 'acme', '--role', 'admin').strip())
    items = admin.ask('GET', '/api/v1/certificates').json['items']
    assert [c['domain'] for c in items] == ['acme.example'] and items[0]['state'] == 'held', items
    assert admin.ask('POST', '/api/v1/certificates/acme.example/renew').status == 403
    admin.close()


def test_in_clear_there_is_the_way_to_https():
    for method in 'GET', 'HEAD', 'POST', 'DELETE':
        status, location, text, headers = ask(method, '/people/a%20b%22%C3%A9?q=a%26b%20%22&from', 'ACME.example:80')
        assert (status, text) == (308, ''), (method, status, text)
        assert location == f'https://acme.example:{https}/people/a%20b%22%C3%A9?q=a%26b%20%22&from=', location
        assert 'Strict-Transport-Security' not in {h.title() for h in headers}, headers
    assert 'x' not in {h.lower() for h in ask('GET', '/a%0d%0aX:%20y', 'acme.example')[3]}
    # Longer than any of ours it is left out.
    query = '&'.join(3 * ['a=' + 250 * '%22'])
    assert ask('GET', f'/people?{query}', 'acme.example')[:2] == (308, f'https://acme.example:{https}/people')
    # What is not ours is sent nowhere, and nothing else is served.
    for host in 'elsewhere.example', '127.0.0.1', 'acme.example.evil.example', 'a@acme.example', '':
        status, location, text, _ = ask('GET', '/api/v1/openapi.json', host)
        assert (status, location) == (404, None) and (not host or host not in text), (host, status, location, text)
    assert ask('GET', '/.well-known/acme-challenge/' + 43 * 'a', 'acme.example')[0] == 404
    assert ask('GET', '/.well-known/acme-challenge/', 'acme.example')[0] == 404
    assert ask('HEAD', '/.well-known/acme-challenge/' + 43 * 'a', 'acme.example')[0] == 404
    for method in 'POST', 'DELETE':
        status, location, text, headers = ask(method, '/.well-known/acme-challenge/' + 43 * 'a', 'acme.example')
        assert (status, location, text, headers['Allow'] if 'Allow' in headers else headers['allow']) == (405, None, '', 'GET, HEAD')
    status = ask('GET', '/api/v1/events', 'acme.example', Connection='Upgrade', Upgrade='websocket',
                 **{'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA=='})[0]
    assert status == 400, status


def test_renewed_under_a_call():
    provider = Browser(https, alto.command('token', 'add', 'watcher', '--tenant', 'acme', '--role', 'admin').strip())
    with two_phones(alto, accounts) as (anna, bruno):
        call(anna, bruno)
        events = Events(provider)
        assert events.status == 101, events.status
        before, start = {name: shown(tls, name) for name in DOMAINS}, len(alto.log.all)
        status, text = alto.api('POST', '/api/v1/certificates/acme.example/renew', {})
        assert status == 204, (status, text)
        alto.log.wait_for('acme.issued', start=start)
        for port in tls, https:
            assert b'acme.example' in shown(port, 'acme.example') != before['acme.example']
            assert shown(port, 'beta.example') == before['beta.example']
        # Neither noticed: voice comes in, and what happens is told.
        count = packets()
        wait_until(lambda: packets() >= count + 50, '50 more packets of voice')
        assert alto.listing('calls', '--live')[0]['state'] == 'answered'
        alto.command('user', 'add', 'acme', 'zoe', '--extension', '300', '--name', 'Zoe')
        events.wait_for(kind='user')
        events.close()
        anna.command('hangup')
        bruno.wait_for('CALL_CLOSED')
    provider.close()


def test_a_domain_changes():
    start = len(alto.log.all)
    tenant = next(t for t in alto.listing('tenant', 'list') if t['name'] == 'beta')
    status, text = alto.api('PATCH', f'/api/v1/tenants/{tenant["id"]}', {'domain': 'gamma.example'})
    assert status == 200, text
    alto.log.wait_for('acme.issued', start=start)
    assert b'gamma.example' in shown(tls, 'gamma.example') and b'Pebble' not in shown(tls, 'beta.example')
    assert certificate('beta.example') is None


def test_kept_over_a_restart():
    before = shown(https, 'acme.example')
    alto.stop()
    alto.start()
    assert shown(https, 'acme.example') == before and certificate('acme.example')['state'] == 'held'
    assert not list(alto.data.glob('acme/*/beta.example.pem'))
    assert not [line for line in alto.log.all if 'acme.issued' in line]


def test_what_fails_is_told(authority):
    """The authority finds the name no more."""
    authority.no_names()

    def failed():
        """What was shown before that. One time in a hundred pebble takes the proof of before, though told never to."""
        before, start = shown(https, 'acme.example'), len(alto.log.all)
        assert alto.api('POST', '/api/v1/certificates/acme.example/renew', {})[0] == 204
        return 'acme.failed' in alto.log.wait_for(' acme.', start=start) and before

    before = wait_until(failed, 'an order that fails')
    c = certificate('acme.example')
    assert c['state'] == 'failing' and c['failures'] == 1 and 'at port 80 of the name' in c['trouble'], c
    assert c['next'] and c['fits'] and shown(https, 'acme.example') == before
    [told] = [w for w in alto.api('GET', '/api/v1/status')[1]['warnings'] if 'acme.example' in w]
    assert c['trouble'] in told and told in alto.command('status'), told
    [by_kind] = [w for w in alto.api('GET', '/api/v1/status')[1]['warned_of'] if w['kind'] == 'certificate-failed']
    assert by_kind['values'] == {'domain': 'acme.example', 'reason': c['reason']} and c['reason']['values']['said'], by_kind
    assert alto.api('POST', '/api/v1/certificates/elsewhere.example/renew', {})[1]['code'] == 'unknown-certificate'


# A quarter of its nonces are refused, so some requests are asked twice (RFC 8555 §6.5).
with Pebble(alto.directory, plain, reject=25) as authority:
    with alto.config.open('a') as config:
        config.write(f'acme: {{directory: "{authority.url}", ca: {authority.certificate}, terms_agreed: true}}\n')
    with alto:
        accounts = alto.company()
        alto.command('tenant', 'add', 'beta', '--domain', 'beta.example')
        for domain in DOMAINS:
            alto.log.wait_for(f'acme.issued name={domain}')
        test_each_domain_has_its_own()
        test_a_company_sees_its_own()
        test_in_clear_there_is_the_way_to_https()
        test_renewed_under_a_call()
        test_a_domain_changes()
        test_kept_over_a_restart()
        test_what_fails_is_told(authority)
