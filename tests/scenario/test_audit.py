#!/usr/bin/python3
"""The audit trail: each act leaves a row that says who, what and from where; companies see their own; nothing is changed later."""
import hashlib
import hmac
import json
import pathlib
import sqlite3

from browser import Browser
from server import Alto, free_port

PASSWORD = 'correct horse'


def rows(asker, **query):
    """Newest first."""
    parameters = '&'.join(f'{name}={value}' for name, value in query.items())
    items, cursor = [], ''
    while cursor is not None:
        answer = asker('GET', f'/api/v1/audit?limit=100&{parameters}&cursor={cursor}')
        items, cursor = items + answer['items'], answer['next']
    return items


def sentence(row):
    owner = (row['owner'] or {}).get('name')
    thing = (row['object'] or {}).get('name')
    changed = [c['field'] if c['to'] is None else f"{c['field']} {c['from']}>{c['to']}" for c in row['changed']]
    words = [row['actor']['kind'], row['actor']['name'], row['act'], row['thing'], thing, owner and f'of {owner}', *changed,
             row['how'], row['failed'] and f"failed {row['failed']}"]
    return ' '.join(str(w) for w in words if w)


def by_machine(alto):
    """A command on the server is told as that; it has no name and no address."""
    def ask(method, path):
        status, answer = alto.api(method, path)
        assert status == 200, answer
        return answer

    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example', '--lines', '20')
    alto.command('tenant', 'add', 'beta', '--domain', 'beta.example')
    for login, role in ('anna', 'admin'), ('paul', 'user'), ('olga', 'auditor'):
        alto.command('user', 'add', 'acme', login, '--extension', str(100 + len(login) + ord(login[0])), '--name', login.title(),
                     '--role', role, '--password', PASSWORD)
    told = [sentence(r) for r in rows(ask, tenant='acme')]
    assert told == ['machine changed password of Olga password code-app passkeys sign-in', 'machine created user Olga',
                    'machine changed password of Paul password code-app passkeys sign-in', 'machine created user Paul',
                    'machine changed password of Anna password code-app passkeys sign-in', 'machine created user Anna',
                    'machine created tenant acme'], told
    assert all(r['address'] is None and r['tenant'] == 'acme' for r in rows(ask, tenant='acme'))
    return ask


def made(answer):
    assert answer.status in (200, 201, 202, 204), answer
    return answer.json['id'] if answer.text else None


def by_person(ask, anna):
    """What an admin does, in order."""
    paul = anna.ask('GET', '/api/v1/users?tenant=acme&login=paul').json['items'][0]['id']
    tenant = anna.ask('GET', '/api/v1/tenants').json['items'][0]['id']
    made(anna.ask('PATCH', f'/api/v1/users/{paul}', {'name': 'Paul Keller', 'role': 'supervisor'}))
    made(anna.ask('PATCH', f'/api/v1/users/{paul}', {'name': 'Paul Keller'}))  # as it is: nothing to tell
    made(anna.ask('PATCH', f'/api/v1/tenants/{tenant}', {'lines': 12}))
    device = made(anna.ask('POST', '/api/v1/devices', {'tenant': 'acme', 'user': 'paul', 'name': 'desk'}))
    made(anna.ask('PATCH', f'/api/v1/devices/{device}', {'password': 'a secret that is told nowhere', 'keepalive': 'off'}))
    made(anna.ask('DELETE', f'/api/v1/devices/{device}'))
    token = made(anna.ask('POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'crm', 'role': 'admin'}))
    webhook = made(anna.ask('POST', '/api/v1/webhooks', {'tenant': 'acme', 'name': 'hook', 'url': 'https://webhooks.invalid/',
                                                        'state': 'off'}))
    made(anna.ask('POST', f'/api/v1/webhooks/{webhook}/secret'))
    made(anna.ask('DELETE', f'/api/v1/tokens/{token}'))
    refused = anna.ask('PATCH', f'/api/v1/users/{paul}', {'role': 'provider'})
    assert refused.status == 403, refused
    told = [sentence(r) for r in rows(ask, tenant='acme')]
    expected = ['person Anna removed token crm', 'person Anna changed webhook hook secret', 'person Anna created webhook hook',
                'person Anna created token crm', 'person Anna removed device desk of Paul Keller',
                'person Anna changed device desk of Paul Keller password keepalive',
                'person Anna created device desk of Paul Keller', 'person Anna changed tenant acme lines 20>12',
                'person Anna changed user Paul Keller name role user>supervisor',
                'person Anna logged-in session of Anna password']
    assert told[:len(expected)] == expected, told
    return paul


def logins(ask, company, paul):
    """Each log-in, and those that fail: the first, the tenth; the next that succeeds says how many."""
    page = Browser(company)
    for _ in range(3):
        assert page.login('paul@acme.example', 'wrong').status == 401
    assert page.login('nobody@acme.example', 'wrong').status == 401
    assert page.login('paul@acme.example', PASSWORD).status == 200
    made(page.ask('DELETE', '/api/v1/session'))
    told = [sentence(r) for r in rows(ask, tenant='acme', user=paul, thing='session')]
    assert told == ['person Paul Keller logged-out session of Paul Keller',
                    'person Paul Keller logged-in session of Paul Keller password failed 3',
                    'nobody failed session of Paul Keller failed 1'], told
    [failed] = rows(ask, tenant='acme', act='failed')
    assert failed['address'] == '127.0.0.1', failed


def guesses_are_told(alto, company, anna, paul):
    """Who guesses while showing what another company gave them hides neither that nor from where."""
    foreign = Browser(company, alto.command('token', 'add', 'guesser', '--tenant', 'beta').strip())
    assert foreign.login('paul@acme.example', 'wrong').status == 401
    assert Browser(company).login('paul@acme.example', PASSWORD).status == 200  # written after it
    entered, failed = anna.ask('GET', f'/api/v1/audit?user={paul}&limit=2').json['items']
    assert (sentence(failed), entered['failed']) == ('nobody failed session of Paul Keller failed 1', 1), failed
    assert failed['actor'] == {'kind': 'nobody', 'id': None, 'name': None} and failed['address'] == '127.0.0.1', failed


def filters(ask, anna):
    everything = rows(ask, tenant='acme')
    numbers = [r['number'] for r in everything]
    assert numbers == list(range(len(everything), 0, -1)), numbers
    middle = everything[5]
    later, earlier = rows(ask, tenant='acme', **{'from': middle['at']}), rows(ask, tenant='acme', to=middle['at'])
    assert later + earlier == everything and middle in later, middle
    assert {r['thing'] for r in rows(ask, tenant='acme', thing='device')} == {'device'}
    assert {r['act'] for r in rows(ask, tenant='acme', act='removed', thing='token')} == {'removed'}
    seen = anna.ask('GET', '/api/v1/audit?limit=3').json
    assert [r['id'] for r in seen['items']] == [r['id'] for r in everything[:3]] and seen['next'], seen
    for wrong in 'from=yesterday', 'act=A', 'cursor=x', 'limit=0', 'word=x', 'user=nobody-at-all':
        assert anna.ask('GET', f'/api/v1/audit?{wrong}').status in (400, 404), wrong


def the_provider_is_hidden(alto, ask, anna, admin):
    """Wherever the account of who works for it lives: a company is told neither who it was nor from where, nor finds it out by asking
    for that person."""
    alto.command('user', 'add', 'acme', 'hugo', '--extension', '199', '--name', 'Hugo', '--role', 'provider', '--password', PASSWORD)
    hugo = Browser(admin)
    assert hugo.login('hugo@acme.example', PASSWORD).status == 200
    made(hugo.ask('PATCH', '/api/v1/tenants/' + rows(ask, tenant='acme', thing='tenant')[0]['object']['id'], {'lines': 14}))
    changed, entered = anna.ask('GET', '/api/v1/audit?limit=2').json['items']
    for row in changed, entered:
        assert (row['actor'], row['address']) == ({'kind': 'provider', 'id': None, 'name': None}, None), row
    person = entered['owner']['id']
    assert rows(ask, user=person)[0] | {'actor': None} == changed | {'actor': None, 'address': '127.0.0.1'}
    assert changed not in anna.ask('GET', f'/api/v1/audit?user={person}').json['items']


def companies_do_not_see_one_another(alto, ask, company, anna):
    """Nor who works for the provider, nor from where."""
    assert alto.api('PATCH', '/api/v1/tenants/acme', {'lines_bought': 16})[0] == 200
    assert sentence(rows(ask, tenant='acme')[0]) == 'machine changed tenant acme lines_bought 20>16'
    newest = anna.ask('GET', '/api/v1/audit?limit=1').json['items'][0]
    assert (newest['actor'], newest['address']) == ({'kind': 'provider', 'id': None, 'name': None}, None), newest
    assert rows(ask, tenant='acme')[0]['actor']['kind'] == 'machine'
    beta = Browser(company, alto.command('token', 'add', 'boss', '--tenant', 'beta').strip())
    [made_token, _, made_tenant] = beta.ask('GET', '/api/v1/audit').json['items']
    assert (made_token['thing'], made_tenant['thing']) == ('token', 'tenant'), made_token
    acme = anna.ask('GET', '/api/v1/tenants').json['items'][0]['id']
    for name in 'acme', acme:
        assert beta.ask('GET', f'/api/v1/audit?tenant={name}').status == 404
        assert beta.ask('GET', f'/api/v1/audit/check?tenant={name}').status == 404
    for user in ask('GET', '/api/v1/users?tenant=acme')['items']:
        assert beta.ask('GET', f"/api/v1/audit?user={user['id']}").json['items'] == [], user
    olga, paul = Browser(company), Browser(company)
    assert olga.login('olga@acme.example', PASSWORD).status == paul.login('paul@acme.example', PASSWORD).status == 200
    assert olga.ask('GET', '/api/v1/audit').json['items'] and olga.ask('GET', '/api/v1/audit/check').status == 200
    assert paul.ask('GET', '/api/v1/audit').status == paul.ask('GET', '/api/v1/audit/check').status == 403


def report_is_true(alto, ask, company):
    """What an auditor reads of the company is what it is; who carries calls for the provider is named to the provider alone."""
    alto.command('trunk', 'add', '--shared', 'carrier', '--host', '192.0.2.9')
    alto.command('token', 'add', 'reader', '--tenant', 'acme', '--role', 'auditor')
    olga = Browser(company)
    assert olga.login('olga@acme.example', PASSWORD).status == 200
    report = olga.ask('GET', '/api/v1/compliance').json
    assert report['sign_in'] == {'people': 4, 'password': 4, 'password_alone': 4, 'passkey': 0, 'issuer': 0, 'none': 0,
                                 'passwords_closed': False}, report
    assert report['tokens'] | {'last_expires': None} == {'tokens': 1, 'writing': 1, 'unused': 0, 'last_expires': None}, report
    assert report['audit']['rows'] == rows(ask, tenant='acme')[0]['number'], report
    assert (report['audit']['first'], report['audit']['last']) == (rows(ask, tenant='acme')[-1]['at'], rows(ask, tenant='acme')[0]['at'])
    kept = {k['what']: k['hours'] for k in report['kept']}
    assert (kept['calls'], kept['messages'], kept['audit'], kept['recordings']) == (None, 72, 365 * 24, 0), kept
    assert report['stored'] == {'database': 'sqlite', 'sealed': False, 'backups': False}, report
    hook = {'kind': 'webhook', 'name': 'hook', 'host': 'webhooks.invalid', 'on': False}
    carrier = {'kind': 'trunk', 'name': None, 'host': None, 'on': True}
    assert report['receivers'] == [carrier, hook], report
    seen = ask('GET', '/api/v1/compliance?tenant=acme')['receivers']
    assert seen == [carrier | {'name': 'carrier', 'host': '192.0.2.9'}, hook], seen


def nobody_of_another_company_is_told(alto, ask, company, anna, admin):
    """Somebody of beta did it, for the provider, and is beta's administrator now: beta sees none of it, and acme not who."""
    alto.command('user', 'add', 'beta', 'ines', '--extension', '198', '--name', 'Ines', '--role', 'provider', '--password', PASSWORD)
    ines = Browser(admin)
    assert ines.login('ines@beta.example', PASSWORD).status == 200
    person = ines.ask('GET', '/api/v1/session').json['user']['id']
    made(ines.ask('PATCH', '/api/v1/users/' + ask('GET', '/api/v1/users?tenant=acme&login=olga')['items'][0]['id'], {'name': 'Olga O.'}))
    assert alto.api('PATCH', f'/api/v1/users/{person}', {'role': 'admin'})[0] == 200
    told = rows(ask, tenant='acme')[0]
    assert (sentence(told), told['actor']['id']) == ('person Ines changed user Olga O. name', person), told
    seen = anna.ask('GET', '/api/v1/audit?limit=1')
    [row] = seen.json['items']
    hidden = {'kind': 'provider', 'id': None, 'name': None}
    assert (row['id'], row['actor'], row['address']) == (told['id'], hidden, None) and person not in seen.text, row
    ines = Browser(company)
    assert ines.login('ines@beta.example', PASSWORD).status == 200
    for query in {}, {'user': person}:
        assert told['id'] not in [r['id'] for r in rows(lambda *asked: ines.ask(*asked).json, **query)], query
    alto.command('user', 'remove', 'beta', 'ines')


def nothing_is_changed(alto, ask):
    """No operation touches a row; who does it in the database is found out."""
    document = ask('GET', '/api/v1/openapi.json')
    for path, operations in document['paths'].items():
        if path.startswith('/api/v1/audit'):
            assert set(operations) == {'get'}, path
    fine = ask('GET', '/api/v1/audit/check?tenant=acme')
    newest = rows(ask, tenant='acme')[0]
    assert fine == {'rows': newest['number'], 'first': 1, 'last': newest['number'], 'broken': None, 'hash': newest['hash']}, fine
    earlier = ask('GET', '/api/v1/audit/check?tenant=acme&last=7')
    assert (earlier['rows'], earlier['first'], earlier['last'], earlier['broken']) == (7, 1, 7, None), earlier
    assert earlier['hash'] == next(r['hash'] for r in rows(ask, tenant='acme') if r['number'] == 7)
    assert alto.api('GET', '/api/v1/audit/check?last=newest')[0] == 400
    alto.stop()
    database = sqlite3.connect(pathlib.Path(alto.data) / 'alto.db')
    columns = [c[1] for c in database.execute('PRAGMA table_info(audit)')]
    before = b'alto audit'
    for row in database.execute(f"SELECT * FROM audit WHERE tenant = (SELECT id FROM tenants WHERE name = 'acme') ORDER BY number"):
        row = dict(zip(columns, row))
        [*texts, given] = (row[c] for c in columns)
        before = hmac.new(before, ''.join(f'{text}\n' for text in texts).encode(), hashlib.sha256).digest()
        assert before == given, row  # as docs/api.md says
    text = json.dumps([str(r) for r in database.execute('SELECT * FROM audit')])
    assert 'told nowhere' not in text and PASSWORD not in text
    database.execute("UPDATE audit SET actor_name = 'Paul' WHERE number = 9 AND tenant = (SELECT id FROM tenants WHERE name = 'acme')")
    database.execute("UPDATE audit SET hash = x'00' WHERE number = 10 AND tenant = (SELECT id FROM tenants WHERE name = 'acme')")
    database.commit()
    database.close()
    alto.start()
    assert ask('GET', '/api/v1/audit/check?tenant=acme')['broken'] == 9
    assert any(r['hash'] == '00' for r in rows(ask, tenant='acme'))


def it_outlives_what_it_names(alto, ask):
    shown = alto.command('audit', '--tenant', 'acme')
    assert 'lines 20>12' in shown and 'Paul Keller' in shown and '127.0.0.1' in shown, shown
    acme = next(t['id'] for t in ask('GET', '/api/v1/tenants')['items'] if t['name'] == 'acme')
    alto.command('tenant', 'remove', 'acme')
    newest = rows(ask, tenant=acme)[0]
    assert sentence(newest) == 'machine removed tenant acme' and newest['tenant'] is None, newest
    assert newest in rows(ask), newest


company, admin = free_port(), free_port()
with Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{company}'],
           'admin': [f'127.0.0.1:{admin}']}) as alto:
    ask = by_machine(alto)
    anna = Browser(company)
    assert anna.login('anna@acme.example', PASSWORD).status == 200
    paul = by_person(ask, anna)
    logins(ask, company, paul)
    guesses_are_told(alto, company, anna, paul)
    filters(ask, anna)
    the_provider_is_hidden(alto, ask, anna, admin)
    companies_do_not_see_one_another(alto, ask, company, anna)
    report_is_true(alto, ask, company)
    nobody_of_another_company_is_told(alto, ask, company, anna, admin)
    nothing_is_changed(alto, ask)
    it_outlives_what_it_names(alto, ask)
