"""People log in at their company's own issuer (OpenID Connect): at a real one, and nobody is somebody by a false word."""
import base64
import hashlib
import http.client
import itertools
import pathlib
import tempfile
import urllib.parse

from browser import Browser, tls_context
from issuer import Key, Real, Told, unsigned
from openapi import Api
from pair import make_pair
from server import PATIENCE, Alto, free_port

PASSWORD, SECRET = 'correct horse battery', 'a secret of ours: 100%~+&='.replace(' ', '_')
SIGN = '/api/v1/session/openid'


_addresses = itertools.count(1)


def browser_elsewhere(https):
    """One with an address of its own: wrong tries are counted by address."""
    browser = Browser(https)
    browser.connection = http.client.HTTPSConnection('127.0.0.1', https, timeout=PATIENCE, context=tls_context(),
                                                     source_address=(f'127.0.1.{next(_addresses)}', 0))
    return browser


class Company:
    def __init__(self, alto, api, https, name):
        self.api, self.https, self.name = api, https, name
        alto.command('tenant', 'add', name, '--domain', f'{name}.example')
        for extension, login, role in (101, 'anna', 'user'), (102, 'bruno', 'user'), (103, 'boss', 'admin'), (104, 'root', 'provider'):
            alto.command('user', 'add', name, login, '--extension', str(extension), '--name', login.title(), '--password',
                         PASSWORD, '--role', role)
        self.people = {u['login']: u for u in api.good('listUsers', query={'tenant': name}).json['items']}
        [self.tenant] = [t['id'] for t in api.good('listTenants').json['items'] if t['name'] == name]
        self.page = f'https://localhost:{https}/sign-in/{self.tenant}'
        self.path = None

    def issuer(self, **fields):
        if self.path:
            self.api.good('removeIssuer', self.path)
        made = self.api.good('createIssuer', body={'tenant': self.name, 'name': f'{self.name} SSO', 'client_id': 'alto',
                                                   'client_secret': SECRET, **fields}).json
        assert self.page.endswith(made['redirect_path']) and SECRET not in str(made), made
        self.path = {'id': made['id']}

    def change(self, **fields):
        self.api.good('changeIssuer', self.path, body=fields)

    def trouble(self):
        return self.api.good('getIssuer', self.path).json['trouble']

    def out(self):
        """(The browser, and where it is sent.)"""
        browser = browser_elsewhere(self.https)
        answer = browser.ask('POST', SIGN, {'login': f'anna@{self.name}.example'})
        assert answer.status == 200, answer
        return browser, answer.json['url']


def refused(answer, code, status, field=None):
    assert (answer.status, answer.json['code'], answer.json.get('field')) == (status, code, field), answer


def came_back(browser, at, back, **other):
    given = {'company': at.tenant, 'code': back['code'], 'state': back['state'], 'issuer': back.get('iss'), **other}
    return browser.ask('POST', SIGN, {name: value for name, value in given.items() if value is not None})


def is_session_of(answer, browser, person):
    assert answer.status == 200 and answer.json['user']['id'] == person['id'] and '__Host-alto' in browser.cookies, answer
    browser.csrf = answer.json['csrf']
    assert browser.ask('GET', '/api/v1/session').json == answer.json


def test_a_real_issuer(acme, beta, real):
    acme.issuer(url=real.url)
    acme.api.good('checkIssuer', acme.path)
    offer = Browser(acme.https).ask('GET', SIGN + '?who=nobody@ACME.example').json
    assert offer == {'name': 'acme SSO', 'passwords': True}, offer
    assert Browser(acme.https).ask('GET', SIGN + '?who=acme.example').json == offer
    for who in 'anna@beta.example', 'anna@elsewhere.example', 'anna':
        assert Browser(acme.https).ask('GET', f'{SIGN}?who={who}').json == {'name': None, 'passwords': True}, who

    browser, url = acme.out()
    back = real.sign_in(url, 'anna')
    assert back['page'] == acme.page, back
    stranger, others = acme.out()
    # In another browser, with a state that is another's, at another company, with another issuer's name, or spoilt.
    for asker, other in ((Browser(acme.https), {}), (stranger, {}), (browser, {'company': beta.tenant}),
                         (browser, {'state': dict(urllib.parse.parse_qsl(others))['state']}),
                         (browser, {'issuer': 'https://evil.example'}), (browser, {'issuer': None}),
                         (browser, {'company': acme.people['anna']['id']})):
        refused(came_back(asker, acme, back, **other), 'wrong-sign-in', 401)
    is_session_of(came_back(browser, acme, back), browser, acme.people['anna'])
    # The code was good once; and so was the state.
    refused(came_back(browser, acme, back), 'issuer-trouble', 502)
    assert 'invalid_grant' in acme.trouble(), acme.trouble()
    # With keys of the other kind, and the secret in the form.
    acme.change(client_id='alto-es256')
    browser, url = acme.out()
    is_session_of(came_back(browser, acme, real.sign_in(url, 'bruno')), browser, acme.people['bruno'])
    assert acme.trouble() is None
    browser, url = acme.out()
    refused(came_back(browser, acme, real.sign_in(url, 'nobody')), 'no-account', 403)
    # The provider's people are nobody's to vouch for.
    browser, url = acme.out()
    refused(came_back(browser, acme, real.sign_in(url, 'root')), 'no-account', 403)
    # By another claim: a login, and no extension.
    acme.change(claim='preferred_username')
    browser, url = acme.out()
    refused(came_back(browser, acme, real.sign_in(url, '103')), 'no-account', 403)
    browser, url = acme.out()
    is_session_of(came_back(browser, acme, real.sign_in(url, 'boss')), browser, acme.people['boss'])
    for well in (lambda: acme.api.good('checkIssuer', acme.path)), (lambda: acme.change(name='acme again')):
        acme.change(client_secret='another')
        browser, url = acme.out()
        refused(came_back(browser, acme, real.sign_in(url, 'bruno')), 'issuer-trouble', 502)
        assert 'invalid_client' in acme.trouble(), acme.trouble()
        well()
        assert acme.trouble() is None, acme.trouble()


def test_what_is_asked(acme, told):
    acme.issuer(url=told.url)
    browser, url = acme.out()
    assert url.startswith(told.document['authorization_endpoint'] + '&'), url
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    assert (asked['redirect_uri'], asked['client_id'], asked['to']) == (acme.page, 'alto', 'us'), asked
    assert (asked['response_type'], asked['response_mode'], asked['code_challenge_method']) == ('code', 'fragment', 'S256'), asked
    told.token = told.key.sign(told.claims(url))
    is_session_of(came_back(browser, acme, {'code': 'a code', 'state': asked['state']}), browser, acme.people['anna'])
    form, authorization = told.codes[-1]
    assert (form['code'], form['client_secret'], form['redirect_uri'], authorization) == ('a code', SECRET, acme.page, None), form
    verifier = base64.urlsafe_b64encode(hashlib.sha256(form['code_verifier'].encode()).digest()).rstrip(b'=').decode()
    assert verifier == asked['code_challenge'], (form, asked)
    # It was used, and the issuer would give a token for it again.
    refused(came_back(browser, acme, {'code': 'a code', 'state': asked['state']}), 'wrong-sign-in', 401)


def try_token(acme, told, token):
    """token: made of the way out. What the server makes of it, in a browser of its own."""
    browser, url = acme.out()
    told.token = token(url)
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))['state']
    return came_back(browser, acme, {'code': 'code', 'state': state}), browser


def test_false_words(acme, told, other, ec):
    """The token is right but for one thing."""
    signed = lambda **claims: lambda url: told.key.sign(told.claims(url, **claims))
    public = told.keys['keys'][0]['n'].encode()
    for token, why in (
            (signed(nonce='another'), 'another request'), (signed(nonce=None), 'another request'),
            (signed(iss='https://evil.example'), 'another issuer'), (signed(aud='another'), 'another client'),
            (signed(aud=['alto', 'another']), 'another client'), (signed(azp='another'), 'another client'),
            (signed(exp=1), 'expired'), (signed(exp=None), 'expired'), (signed(sub=None), 'whom it is about'),
            (lambda url: unsigned(told.claims(url), 'none'), 'cannot be read'),
            (lambda url: unsigned(told.claims(url), 'none', b'x'), 'neither with RS256'),
            (lambda url: unsigned(told.claims(url), 'HS256', SECRET.encode()), 'neither with RS256'),
            (lambda url: unsigned(told.claims(url), 'HS256', public), 'neither with RS256'),
            (lambda url: other.sign(told.claims(url), kid='first'), 'signature'),
            (lambda url: ec.sign(told.claims(url), alg='RS256', kid='first'), 'signature'),
            (lambda url: 'x', 'cannot be read')):
        answer, browser = try_token(acme, told, token)
        refused(answer, 'issuer-trouble', 502)
        assert why in acme.trouble() and '__Host-alto' not in browser.cookies, (why, acme.trouble())
    for claims in ({'email_verified': False, 'sub': 'new'}, {'email_verified': 'true', 'sub': 'new'},
                   {'email': 'anna@beta.example', 'sub': 'new'}, {'email': 'anna', 'sub': 'new'}, {'email': None, 'sub': 'new'}):
        answer, _ = try_token(acme, told, signed(**claims))
        refused(answer, 'no-account', 403)


def test_who_is_known_by_what(acme, told):
    signed = lambda **claims: lambda url: told.key.sign(told.claims(url, **claims))
    # Known by `sub`, whatever else is said of them; and nobody takes the account over with the address.
    answer, browser = try_token(acme, told, signed(email='gone@acme.example', email_verified=False))
    is_session_of(answer, browser, acme.people['anna'])
    answer, _ = try_token(acme, told, signed(sub='who came later'))
    refused(answer, 'no-account', 403)
    assert 'before' in acme.trouble(), acme.trouble()
    # A new password by somebody else parts them.
    acme.api.good('setPassword', {'id': acme.people['anna']['id']}, body={'password': PASSWORD})
    answer, browser = try_token(acme, told, signed(sub='who came later'))
    is_session_of(answer, browser, acme.people['anna'])
    answer, _ = try_token(acme, told, signed())
    refused(answer, 'no-account', 403)


def test_new_keys(acme, told, other, ec):
    """Asked for anew when a token is signed with one, and not for each such token."""
    signed = lambda key: lambda url: key.sign(told.claims(url, sub='who came later'))
    told.keys = {'keys': [ec.public(), {'kty': 'oct', 'k': 'AAAA'}, 7]}
    asked = len(told.asked)
    answer, browser = try_token(acme, told, signed(ec))
    is_session_of(answer, browser, acme.people['anna'])
    assert told.asked[asked:] == ['/.well-known/openid-configuration', '/keys'], told.asked[asked:]
    told.keys = {'keys': [other.public()]}
    refused(try_token(acme, told, signed(other))[0], 'issuer-trouble', 502)
    assert 'does not publish' in acme.trouble() and len(told.asked) == asked + 2, told.asked[asked:]


def test_passwords_closed(acme, told):
    acme.change(passwords='off')
    page = Browser(acme.https)
    assert page.ask('GET', SIGN + '?who=acme.example').json == {'name': 'acme SSO', 'passwords': False}
    refused(page.login('anna@acme.example', PASSWORD), 'sign-in-elsewhere', 403)
    refused(page.login('anna@acme.example', 'wrong'), 'wrong-login', 401)
    assert page.login('boss@acme.example', PASSWORD).status == 200  # a way back
    # Who came through it goes with it; who never did stays.
    signed = lambda url: told.key.sign(told.claims(url, sub='who came later'))
    told.keys = {'keys': [told.key.public()]}
    acme.issuer(url=told.url)
    answer, through = try_token(acme, told, signed)
    is_session_of(answer, through, acme.people['anna'])
    acme.change(state='off')
    assert through.ask('GET', '/api/v1/session').status == 401
    assert page.ask('GET', '/api/v1/session').status == 200
    assert Browser(acme.https).login('anna@acme.example', PASSWORD).status == 200
    refused(Browser(acme.https).ask('POST', SIGN, {'login': 'anna@acme.example'}), 'unknown-issuer', 404, 'login')


def test_issuers_that_cannot_be_used(beta, told):
    """Each is said to the admin in a sentence; a page is told to ask them."""
    good = told.document
    for change, why in (({'issuer': told.url + '/'}, 'names another issuer'), ({'jwks_uri': 'http://127.0.0.1/keys'}, 'https:'),
                        ({'token_endpoint': None}, 'https:'), ({'code_challenge_methods_supported': ['plain']}, 'PKCE'),
                        ({'response_modes_supported': ['form_post']}, 'fragment'),
                        ({'token_endpoint_auth_methods_supported': ['private_key_jwt']}, 'client secret'),
                        ({'jwks_uri': told.url + '/nothing'}, 'keys')):
        told.document = {**good, **change}
        beta.issuer(url=told.url)
        answer = beta.api.bad('checkIssuer', 'issuer-trouble', 'url', path=beta.path)
        assert why in answer.json['detail'], str(answer)
        refused(Browser(beta.https).ask('POST', SIGN, {'login': 'beta.example'}), 'issuer-trouble', 502)
        assert why in beta.trouble()
    told.document = good
    beta.issuer(url=f'https://127.0.0.1:{free_port()}')
    beta.api.bad('checkIssuer', 'issuer-trouble', 'url', path=beta.path)


def main(directory):
    files, https, admin = make_pair(directory, 'issuer'), free_port(), free_port()
    told, other, ec = Told(files, directory), Key(directory, 'other'), Key(directory, 'curve', 'EC')
    extra = f'webhooks: {{allow: [127.0.0.1]}}\ntls: {{ca: {files[0]}}}\n'
    with Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}'], 'admin': [f'127.0.0.1:{admin}']},
              extra=extra) as alto:
        api = Api(str(alto.data / 'alto.sock'))
        acme, beta = Company(alto, api, https, 'acme'), Company(alto, api, https, 'beta')
        client = {'client_id': 'alto', 'client_secret': SECRET, 'redirect_uris': [acme.page]}
        with Real(files, [client, {**client, 'client_id': 'alto-es256', 'id_token_signed_response_alg': 'ES256'}]) as real:
            test_a_real_issuer(acme, beta, real)
        test_what_is_asked(acme, told)
        test_false_words(acme, told, other, ec)
        test_who_is_known_by_what(acme, told)
        test_new_keys(acme, told, other, ec)
        test_passwords_closed(acme, told)
        # The ID token has said all: nothing else is asked, and nobody is logged out there.
        assert set(told.asked) == {'/.well-known/openid-configuration', '/keys'}, told.asked
        test_issuers_that_cannot_be_used(beta, told)
        refused(Browser(admin).ask('POST', SIGN, {'login': 'acme.example'}), 'wrong-address', 403)


with tempfile.TemporaryDirectory(prefix='alto-') as scratch:
    main(pathlib.Path(scratch))
