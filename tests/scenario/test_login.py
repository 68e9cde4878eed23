"""People log in: passwords, codes of an app, cookies, foreign pages, guessers; and what ends a session."""
import socket

from browser import Browser, Events, tls_context
from server import PATIENCE, Alto, free_port, wait_until
from totp import code_of, step

PASSWORD, OTHER = 'correct horse', 'battery staple'


def test_logging_in(company, admin):
    anna = Browser(company)
    assert anna.ask('GET', '/api/v1/session').status == 401
    answer = anna.login('anna@acme.example', PASSWORD)
    assert answer.status == 200, answer
    user = answer.json['user']
    assert (user['login'], user['name'], user['role'], user['tenant']) == ('anna', 'Anna', 'user', 'acme'), user
    cookie = answer.headers['set-cookie']
    assert cookie.startswith('__Host-alto=') and all(
        word in cookie for word in ('Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict')) and 'Domain' not in cookie, cookie
    again = anna.ask('GET', '/api/v1/session')
    assert again.json == answer.json, (again, answer)
    assert anna.ask('GET', '/api/v1/users').status == 200
    # The domain in any case; the password in one.
    assert Browser(company).login('anna@ACME.example', PASSWORD).status == 200
    # A wrong password, a name that is not there, a person without a password: the same bytes.
    said = {Browser(company).login(login, password).text for login, password in (
        ('anna@acme.example', OTHER), ('nobody@acme.example', PASSWORD), ('anna@nowhere.example', PASSWORD),
        ('bruno@acme.example', PASSWORD), ('anna', PASSWORD), ('@', PASSWORD))}
    assert len(said) == 1 and 'wrong-login' in said.pop()
    # Each at its own address.
    refused = Browser(company).login('root@acme.example', PASSWORD)
    assert (refused.status, refused.json['code']) == (403, 'wrong-address'), refused
    refused = Browser(admin).login('anna@acme.example', PASSWORD)
    assert (refused.status, refused.json['code']) == (403, 'wrong-address'), refused
    root = Browser(admin)
    assert root.login('root@acme.example', PASSWORD).status == 200
    assert list(root.cookies) == ['__Host-alto-admin'] and root.ask('GET', '/api/v1/status').status == 200
    # A session of one plane is nothing on the other.
    smuggled = Browser(company)
    smuggled.cookies = {'__Host-alto': root.cookies['__Host-alto-admin']}
    assert smuggled.ask('GET', '/api/v1/status').status == 401
    assert anna.ask('DELETE', '/api/v1/session').status == 204 and not anna.cookies
    assert anna.ask('GET', '/api/v1/session').status == 401
    return root


def test_foreign_pages(company):
    boss = Browser(company)
    assert boss.login('boss@acme.example', PASSWORD).status == 200
    make = 'POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'x'}
    for headers in ({'Origin': 'https://evil.example'}, {'Origin': 'null'}, {'Origin': None}, {'X-CSRF-Token': None},
                    {'X-CSRF-Token': '0' * 32}, {'X-CSRF-Token': ''}, {'Origin': f'http://localhost:{company}'},
                    {'Origin': f'https://localhost:{company}.evil.example'}):
        answer = boss.ask(*make, headers=headers)
        assert (answer.status, answer.json['code']) == (403, 'foreign'), (headers, answer)
    assert boss.ask(*make).status == 201
    # Another's CSRF token does not help, nor does a login made by a foreign page.
    anna = Browser(company)
    anna.login('anna@acme.example', PASSWORD)
    assert boss.ask(*make, headers={'X-CSRF-Token': anna.csrf}).status == 403
    assert Browser(company).ask('POST', '/api/v1/session', {'login': 'anna@acme.example', 'password': PASSWORD},
                                headers={'Origin': 'https://evil.example'}).status == 403
    # A form of a foreign page cannot send JSON.
    assert Browser(company).ask('POST', '/api/v1/session', {'login': 'anna@acme.example', 'password': PASSWORD},
                                headers={'Content-Type': 'text/plain'}).status == 415
    # Others of the same host may have set cookies.
    mixed = Browser(company)
    mixed.cookies = {'a': '1', 'x__Host-alto': 'y', **boss.cookies, 'b': '2'}
    assert mixed.ask('GET', '/api/v1/session').status == 200
    # Proxies may split them into several lines; a comma in another's value parts nothing.
    [(name, value)] = boss.cookies.items()
    for lines, status in ((['a=1', f'b=2; {name}={value}'], 200), ([f'{name}={value}', 'b=2'], 200), ([f'a=1,{name}={value}'], 401)):
        head = ''.join(f'Cookie: {line}\r\n' for line in lines)
        with socket.create_connection(('127.0.0.1', company), PATIENCE) as plain, \
                tls_context().wrap_socket(plain, server_hostname='localhost') as s:
            s.sendall(f'GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n{head}\r\n'.encode())
            assert s.makefile('rb').readline().split()[1] == str(status).encode(), lines
    return boss


def test_passwords(alto, company, boss):
    anna, phone = Browser(company), Browser(company)
    for browser in anna, phone:
        assert browser.login('anna@acme.example', PASSWORD).status == 200
    user = anna.ask('GET', '/api/v1/session').json['user']['id']
    path = f'/api/v1/users/{user}/password'
    assert anna.ask('POST', path, {'password': OTHER}).json['field'] == 'old'
    assert anna.ask('POST', path, {'password': OTHER, 'old': OTHER}).json['code'] == 'wrong-login'
    assert anna.ask('POST', path, {'password': 'short', 'old': PASSWORD}).json['field'] == 'password'
    assert anna.ask('POST', path, {'password': OTHER, 'old': PASSWORD}).status == 204
    # The one that changed it stays; all others end.
    assert anna.ask('GET', '/api/v1/session').status == 200 and phone.ask('GET', '/api/v1/session').status == 401
    assert phone.login('anna@acme.example', PASSWORD).status == 401
    assert boss.ask('POST', path, {'password': PASSWORD}).status == 204
    assert anna.ask('GET', '/api/v1/session').status == 401
    assert anna.login('anna@acme.example', PASSWORD).status == 200
    # Another's is not hers to set, and seems not to be there.
    own = boss.ask('GET', '/api/v1/session').json['user']['id']
    assert anna.ask('POST', f'/api/v1/users/{own}/password', {'password': OTHER}).status == 404
    # A restart ends no session; a person who is removed has none.
    alto.stop()
    alto.start()
    anna.close(), boss.close()
    assert anna.ask('GET', '/api/v1/session').status == 200
    alto.command('user', 'remove', 'acme', 'anna')
    assert anna.ask('GET', '/api/v1/session').status == 401


def test_codes(alto, company):
    anna = Browser(company)
    assert anna.login('carla@acme.example', PASSWORD).status == 200
    offered = anna.ask('POST', '/api/v1/session/totp', {}).json
    secret = offered['secret']
    assert offered['uri'].startswith('otpauth://totp/') and secret in offered['uri'], offered
    assert anna.ask('POST', '/api/v1/session/totp', {'secret': secret, 'code': code_of(secret, step() + 50)}).status == 401
    # The step after now's is good too, so it is still to be used, also when the time of now's is over meanwhile.
    used = step()
    shown = {'secret': secret, 'code': code_of(secret, used)}
    wrong = anna.ask('POST', '/api/v1/session/totp', {**shown, 'password': OTHER})
    assert (wrong.status, wrong.json['code'], wrong.json['field']) == (401, 'wrong-login', 'password'), wrong
    confirmed = anna.ask('POST', '/api/v1/session/totp', {**shown, 'password': PASSWORD})
    assert confirmed.status == 204, confirmed
    taken = anna.ask('POST', '/api/v1/session/totp', {'secret': secret, 'code': code_of(secret, used + 1)})
    assert taken.status == 409, taken
    new = Browser(company)
    assert new.login('carla@acme.example', PASSWORD).json['code'] == 'code-needed'
    assert new.login('carla@acme.example', PASSWORD, code=code_of(secret, used)).json['code'] == 'wrong-code'
    used += 1
    assert new.login('carla@acme.example', OTHER, code=code_of(secret, used)).json['code'] == 'wrong-login'
    assert new.login('carla@acme.example', PASSWORD, code=code_of(secret, used)).status == 200
    # A code is good once.
    assert Browser(company).login('carla@acme.example', PASSWORD, code=code_of(secret, used)).json['code'] == 'wrong-code'
    assert new.ask('DELETE', f'/api/v1/session/totp?code={code_of(secret, step() + 50)}').json['code'] == 'wrong-code'
    [told] = alto.api('GET', '/api/v1/audit?tenant=acme&thing=code-app')[1]['items']
    assert (told['act'], told['owner']['name']) == ('created', 'Carla'), told
    # Who lost the phone asks an admin, whose new password takes the app away.
    alto.command('user', 'password', 'acme', 'carla', '--password', PASSWORD)
    assert Browser(company).login('carla@acme.example', PASSWORD).status == 200


def test_tokens_go_with_their_maker(alto, company, root):
    """A token does what its maker may do and no longer, with those that are made by it; and it is seen who made it, and its use."""
    alto.command('user', 'add', 'acme', 'gone', '--extension', '106', '--name', 'Gone', '--role', 'admin', '--password', PASSWORD)
    gone = Browser(company)
    assert gone.login('gone@acme.example', PASSWORD).status == 200
    crm = gone.ask('POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'crm', 'days': 30}).json
    user = gone.ask('GET', '/api/v1/session').json['user']['id']
    assert crm['made_by'] == {'id': user, 'name': 'Gone'} and crm['used'] is None, crm
    program = Browser(company, crm['token'])
    longer = program.ask('POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'longer', 'days': 31})
    assert (longer.status, longer.json['code'], longer.json['field']) == (400, 'invalid-field', 'days'), longer
    child = program.ask('POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'child'}).json
    assert (child['expires'], child['made_by']) == (crm['expires'], crm['made_by']), child
    heir = Browser(company, child['token'])
    root.close()  # it has stood still for long
    assert root.ask('POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'by root'}).json['made_by']['name'] == 'Root'

    def tokens():
        return {t['name']: t for t in gone.ask('GET', '/api/v1/tokens').json['items']}
    assert tokens()['by root']['made_by'] is None, tokens()  # companies are not told who works for the provider
    wait_until(lambda: tokens()['crm']['used'], 'a token that was used')  # written after the answer
    assert tokens()['child']['used'] is None and tokens()['crm']['used'] > crm['created'], tokens()
    # Less than it was given, while its maker may do less: a supervisor sees nothing of what auditors do. Nor is a program told
    # of what happens.
    reads = gone.ask('POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'reads', 'role': 'auditor'}).json
    auditor, events = Browser(company, reads['token']), Events(program)
    assert events.status == 101, events.body
    for role, status in ('supervisor', 401), ('admin', 200):
        assert alto.api('PATCH', f'/api/v1/users/{user}', {'role': role})[0] == 200
        for asker, path in (program, 'users'), (heir, 'users'), (auditor, 'audit'):
            assert asker.ask('GET', f'/api/v1/{path}').status == status, (role, path)
        marked = {t['name'] for t in alto.listing('token', 'list', 'acme') if t['suspended']}
        assert marked == ({'crm', 'child', 'reads'} if role == 'supervisor' else set()), marked
        assert ('suspended' in alto.command('token', 'list', 'acme')) == (role == 'supervisor')
        while role == 'supervisor' and events.next():
            pass
    events.close()
    alto.command('user', 'remove', 'acme', 'gone')
    assert {asker.ask('GET', '/api/v1/session').status for asker in (program, heir, auditor)} == {401}
    left = {t['name'] for t in alto.listing('token', 'list', 'acme')}
    assert 'by root' in left and not left & {'crm', 'child', 'reads'}, left
    told = [(r['thing'], r['object']['name']) for r in alto.api('GET', '/api/v1/audit?tenant=acme&act=removed&limit=4')[1]['items']]
    assert sorted(told) == [('token', 'child'), ('token', 'crm'), ('token', 'reads'), ('user', 'Gone')], told


def test_guessers(company):
    guesser, tries = Browser(company), 0
    while True:
        answer = guesser.login('boss@acme.example', f'guess {tries}')
        if answer.status == 429:
            break
        assert answer.status == 401, answer
        tries += 1
        assert tries < 20, 'nobody is held back'
    # One more a minute, and the first may have been long ago.
    assert tries >= 10 and 0 < int(answer.headers['retry-after']) <= 60, (tries, answer.headers)
    # The right one is held back too, or a guesser would know it when he has it.
    assert guesser.login('boss@acme.example', PASSWORD).status == 429


company, admin = free_port(), free_port()
with Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{company}'],
           'admin': [f'127.0.0.1:{admin}']}) as alto:
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
    for extension, login, role, password in ((101, 'anna', 'user', PASSWORD), (102, 'bruno', 'user', None),
                                             (103, 'carla', 'user', PASSWORD), (104, 'boss', 'admin', PASSWORD),
                                             (105, 'root', 'provider', PASSWORD)):
        alto.command('user', 'add', 'acme', login, '--extension', str(extension), '--name', login.title(), '--role', role,
                     *(['--password', password] if password else []))
    root = test_logging_in(company, admin)
    boss = test_foreign_pages(company)
    test_passwords(alto, company, boss)
    test_codes(alto, company)
    test_tokens_go_with_their_maker(alto, company, root)
    test_guessers(company)
    # Nothing of it is in the database as it was typed.
    for path in alto.data.rglob('*'):
        if path.is_file():
            kept = path.read_bytes()
            assert PASSWORD.encode() not in kept and boss.cookies['__Host-alto'].encode() not in kept, path
