"""Passkeys by an authenticator of our own: what the server takes, and everything that it must not believe."""
import pathlib
import tempfile

from authenticator import Authenticator, coded, said
from browser import Browser
from server import Alto, free_port
from totp import code_of, step

PASSWORD, OTHER = 'correct horse battery', 'battery staple'


LIST, SIGN = '/api/v1/session/passkeys', '/api/v1/session/passkey'


def refused(answer, code='wrong-passkey', status=401, field=None):
    assert (answer.status, answer.json['code'], answer.json.get('field')) == (status, code, field), answer


def test_registering(https, key):
    dora, anna = Browser(https), Browser(https)
    assert dora.login('dora@acme.example', PASSWORD).status == 200
    assert anna.login('anna@acme.example', PASSWORD).status == 200
    offer = lambda: dora.ask('POST', LIST, {}).json
    first, named = offer(), {'name': 'Stick'}
    assert first['host'] == 'localhost', first
    # Another's session, another kind of ceremony, another host, nobody who touched it.
    for browser, made in ((anna, key.make(first, dora.origin)), (dora, key.make(first, 'https://evil.example')),
                          (dora, key.make(first, dora.origin, kind='webauthn.get')),
                          (dora, key.make(first, dora.origin, host='evil.example')),
                          (dora, key.make(first, dora.origin, flags=0x44))):
        refused(browser.ask('POST', LIST, {**made, **named}))
    refused(dora.ask('POST', LIST, {**key.make(first, dora.origin), **named, 'password': OTHER}), 'wrong-login', 401, 'password')
    refused(dora.ask('POST', LIST, {'client_data': 'AAAA', **named}), 'missing-field', 400, 'attestation')
    refused(dora.ask('POST', LIST, {'client_data': 'AAAA', 'attestation': 'AAAA'}), 'missing-field', 400, 'name')
    made = dora.ask('POST', LIST, {**key.make(first, dora.origin), **named})
    assert made.status == 201 and made.json['used'] is None, made
    # The challenge was good once, the key is there.
    refused(dora.ask('POST', LIST, {**key.make(first, dora.origin), **named, 'password': PASSWORD}))
    refused(dora.ask('POST', LIST, {**key.make(offer(), dora.origin), **named, 'password': PASSWORD}), 'conflict', 409)
    assert dora.ask('GET', LIST).json == {'items': [made.json], 'next': None} and anna.ask('GET', LIST).json['items'] == []
    path = f'{LIST}/{made.json["id"]}'
    for method, body in ('PATCH', {'name': 'Mine'}), ('DELETE', None):
        refused(anna.ask(method, path, body), 'unknown-passkey', 404)
    assert dora.ask('PATCH', path, {'name': 'Drawer'}).status == 204
    assert dora.ask('GET', LIST).json['items'][0]['name'] == 'Drawer'
    return dora, path


def test_logging_in(https, key, other, user, anna):
    """One thing is wrong at a time; the throttle counts by credential, and forgives with what is right."""
    new = lambda: Browser(https)
    page = new()
    offer = lambda: page.ask('POST', SIGN, {}).json
    try_it = lambda shown, **more: page.ask('POST', SIGN, {**shown, **more})
    once = offer()
    good = key.sign(once, page.origin, user)
    stranger = new()
    refused(stranger.ask('POST', SIGN, good))  # without the cookie of the attempt
    answer = try_it(good)
    assert answer.status == 200 and answer.json['user']['id'] == user and '__Host-alto' in page.cookies, answer
    page.csrf = answer.json['csrf']
    assert page.ask('GET', '/api/v1/session').json == answer.json
    assert page.ask('GET', LIST).json['items'][0]['used']
    page = new()
    once = offer()
    assert try_it(key.sign(once, page.origin, user)).status == 200
    page.cookies.pop('__Host-alto')
    wrong = (key.sign(once, page.origin, user),  # a challenge that was used
             key.sign(offer(), 'https://evil.example', user), key.sign(offer(), page.origin, user, host='evil.example'),
             key.sign(offer(), page.origin, user, kind='webauthn.create'), key.sign(offer(), page.origin, user, flags=0x04),
             key.sign(offer(), page.origin, anna), {**key.sign(offer(), page.origin, user), 'signature': coded(bytes(70))},
             key.sign(offer(), page.origin, user, client=said('webauthn.get', offer(), page.origin, crossOrigin=True)))
    for shown in wrong:
        refused(try_it(shown))
    assert try_it(key.sign(offer(), page.origin, user)).status == 200
    page.cookies.pop('__Host-alto')
    refused(try_it(other.sign(offer(), page.origin, user)))  # a key that is not there
    # A copy that has not counted on.
    key.count -= 5
    refused(try_it(key.sign(offer(), page.origin, user)))
    key.count += 50
    for name in 'user_handle', 'client_data', 'authenticator_data', 'signature':
        shown = key.sign(offer(), page.origin, user)
        del shown[name]
        refused(try_it(shown), 'missing-field', 400, name)


def test_beside_a_password(https, key, user, dora):
    """Only touched, it stands in the place of the code that this person's app would give."""
    secret = dora.ask('POST', '/api/v1/session/totp', {}).json['secret']
    assert dora.ask('POST', '/api/v1/session/totp', {'secret': secret, 'code': code_of(secret, step())}).status == 204
    page = Browser(https)
    assert page.login('dora@acme.example', PASSWORD).json['code'] == 'code-needed'
    touched = key.sign(page.ask('POST', SIGN, {}).json, page.origin, user, flags=0x01)
    refused(page.ask('POST', SIGN, touched), 'password-needed', 401, 'password')
    refused(page.ask('POST', SIGN, {**touched, 'password': OTHER}), 'wrong-login', 401, 'password')
    assert page.ask('POST', SIGN, {**touched, 'password': PASSWORD}).status == 200


def test_by_an_address(https):
    """Passkeys belong to names; whoever comes by an address is told so."""
    there = Browser(https)
    address = {'Host': f'127.0.0.1:{https}', 'Origin': f'https://127.0.0.1:{https}'}
    refused(there.ask('POST', SIGN, {}, headers=address), 'no-host-name', 409)
    assert there.ask('POST', SIGN, {}).json['host'] == 'localhost' and list(there.cookies) == ['__Host-alto-attempt']


def test_guessers(https):
    guesser = Browser(https)
    shown = {'credential': 'AAAA', 'user_handle': 'AAAA', 'client_data': 'AAAA', 'authenticator_data': 'AAAA', 'signature': 'AAAA'}
    for tries in range(11):
        answer = guesser.ask('POST', SIGN, shown)
        if answer.status == 429:
            break
        refused(answer)
    # By the credential, or sooner by the address, which has tried before.
    assert 0 < tries <= 10 and 0 < int(answer.headers['retry-after']) <= 60, (tries, answer)


def test_many_sessions(https, key, user):
    """The oldest ends when there are as many as there may be."""
    pages = [Browser(https) for _ in range(33)]
    for page in pages:
        assert page.ask('POST', SIGN, key.sign(page.ask('POST', SIGN, {}).json, page.origin, user)).status == 200
        page.close()
    assert [page.ask('GET', '/api/v1/session').status for page in (pages[0], pages[1], pages[-1])] == [401, 200, 200]


def test_many_tokens(alto):
    made = [alto.api('POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'one more'}) for _ in range(201)]
    assert [status for status, _ in made] == 200 * [201] + [409], made[-1]
    assert made[-1][1]['code'] == 'conflict' and alto.api('POST', '/api/v1/tokens', {'name': 'of the provider'})[0] == 201


with tempfile.TemporaryDirectory(prefix='alto-') as scratch:
    directory, https = pathlib.Path(scratch), free_port()
    with Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}']}) as alto:
        alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
        for extension, login in (101, 'anna'), (104, 'dora'):
            alto.command('user', 'add', 'acme', login, '--extension', str(extension), '--name', login.title(), '--password',
                         PASSWORD)
        users = {u['login']: u['id'] for u in alto.api('GET', '/api/v1/users?tenant=acme')[1]['items']}
        key, other = Authenticator(directory, 'stick'), Authenticator(directory, 'other')
        dora, path = test_registering(https, key)
        test_logging_in(https, key, other, users['dora'], users['anna'])
        test_beside_a_password(https, key, users['dora'], dora)
        assert dora.ask('DELETE', path).status == 204 and dora.ask('GET', LIST).json['items'] == []
        made = dora.ask('POST', LIST, {**key.make(dora.ask('POST', LIST, {}).json, dora.origin), 'name': 'Again'})
        assert made.status == 201, made
        told = [(row['act'], row['owner']['name']) for row in alto.api('GET', '/api/v1/audit?tenant=acme&thing=passkey')[1]['items']]
        assert told == [(act, 'Dora') for act in ('created', 'removed', 'changed', 'created')], told
        test_many_sessions(https, key, users['dora'])
        test_by_an_address(https)
        test_many_tokens(alto)
        test_guessers(https)
