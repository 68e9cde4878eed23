#!/usr/bin/python3
"""Every operation of the API with good and with bad input; every answer is what openapi.json says."""
import pathlib
import tempfile
import urllib.parse
import uuid

from authenticator import Authenticator
from browser import Browser, Events
from issuer import Told
from openapi import METHODS, Api, PageApi, wrong_texts, wrong_values
from pair import make
from server import Alto, free_port, wait_until
from sipp import Sipp
from totp import code_of, step

PASSWORD = 'correct horse'
NOBODY = {'id': '01920000-0000-7000-8000-000000000000'}

# What each body that makes or changes something may be, and with which path: the ground of all that is spoilt below.
BODIES = {
    'createTenant': {'name': 'beta', 'domain': 'beta.example', 'lines': 3},
    'changeTenant': {'name': 'gamma', 'domain': 'gamma.example', 'lines': 4, 'lines_bought': 5},
    'createUser': {'tenant': 'acme', 'login': 'zoe', 'extension': '300', 'name': 'Zoë', 'role': 'supervisor'},
    'createDevice': {'tenant': 'acme', 'user': 'p101', 'name': 'spare', 'username': 'spare-1', 'password': 'secret-of-spare',
                     'digest': 'sha-256', 'srtp': 'off', 'keepalive': 'options'},
    'changeUser': {'login': 'zora', 'extension': '301', 'name': 'Zora', 'role': 'auditor'},
    'changeDevice': {'name': 'other', 'keepalive': 'off', 'srtp': 'sdes'},
    'changeTrunk': {'name': 'carrier', 'from': '192.0.2.0/25'},
    'createTrunk': {'tenant': 'acme', 'name': 'operator', 'host': '192.0.2.1:5070', 'from': '192.0.2.0/24', 'transport': 'udp',
                    'srtp': 'off'},
    'createNumber': {'tenant': 'acme', 'number': '+33142685300', 'user': 'p101'},
    'changeNumber': {'user': 'p102'},
    'createWebhook': {'tenant': 'acme', 'name': 'crm', 'url': 'https://webhooks.invalid/calls', 'events': 'call.started,call.ended',
                      'state': 'on'},
    'changeWebhook': {'name': 'billing', 'events': 'call.ended', 'url': 'https://webhooks.invalid:8443/', 'state': 'off'},
    'retryDelivery': {'delivery': NOBODY['id']},
    'createToken': {'tenant': 'acme', 'name': 'reader', 'role': 'auditor', 'access': 'read', 'days': 30},
    'setPassword': {'password': PASSWORD, 'old': PASSWORD},
    'beginSession': {'login': 'p102@acme.example', 'password': PASSWORD, 'code': '123456'},
    'beginPhone': {'username': 'gone-long-ago', 'digest': 'sha-256'},
    'setTotp': {'secret': 32 * 'A', 'code': '123456'},
    'createPasskey': {'name': 'Stick', 'client_data': 'AAAA', 'attestation': 'AAAA', 'password': PASSWORD},
    'changePasskey': {'name': 'Drawer'},
    'createIssuer': {'tenant': 'acme', 'name': 'SSO', 'url': 'https://issuer.invalid/realms/acme', 'client_id': 'alto',
                     'client_secret': 'secret', 'claim': 'email', 'mail_domain': 'acme.example', 'state': 'on', 'passwords': 'on'},
    'changeIssuer': {'name': 'Keycloak', 'url': 'https://issuer.invalid:8443/', 'client_id': 'other', 'claim': 'preferred_username',
                     'mail_domain': 'mail.acme.example', 'state': 'off', 'passwords': 'off'},
    'signInOpenid': {'company': NOBODY['id'], 'code': 'code', 'state': 54 * 'A', 'issuer': 'https://issuer.invalid', 'login': 'a@b.example'},
    'signIn': {'credential': 'AAAA', 'user_handle': 'AAAA', 'client_data': 'AAAA', 'authenticator_data': 'AAAA', 'signature': 'AAAA',
               'password': PASSWORD},
}
KINDS = ('Tenant', 'User', 'Device', 'Trunk', 'Number', 'Webhook', 'Issuer')
for kind in KINDS:
    BODIES[f'put{kind}'] = BODIES[f'create{kind}']
# Another one of each, for PUT, with what differs in it.
OTHERS = {'Tenant': {'name': 'other', 'domain': 'other.example'}, 'User': {'login': 'yan', 'extension': '333'},
          'Device': {'name': 'third', 'username': 'third-1'}, 'Trunk': {'name': 'second'}, 'Webhook': {'name': 'second'}, 'Issuer': {'tenant': 'beta'},
          'Number': {'number': '+33142685399'}}
# Parameters that need others, and values that they may have.
QUERIES = {'tenant': 'acme', 'user': 'p101', 'login': 'p101', 'name': 'desk', 'number': '+33142685300', 'live': 'false',
           'address': '192.0.2.7', 'all': 'true', 'limit': '5', 'from': '2026-01-01T00:00:00Z',
           'to': '2026-01-01T00:00:00Z', 'result': 'busy', 'answered': 'true', 'q': 'a', 'act': 'changed',
           'thing': 'device'}
NEEDS = {'login': ['tenant'], 'user': ['tenant'], 'name': ['tenant', 'user']}
UNKNOWN = {'tenant': 'unknown-tenant', 'user': 'unknown-user'}


def everything_works(api, call_id, live_id):
    """Each operation succeeds at least once; {operation: the path of something that is there} for those with one."""
    there = {}
    for kind in KINDS:
        plural = kind + 's'
        made = api.good(f'create{kind}', body=BODIES[f'create{kind}']).json
        path = {'id': made['id']}
        there.update({f'{verb}{kind}': path for verb in ('get', 'put', 'change', 'remove')})
        shown = api.good(f'get{kind}', path).json
        assert all(made[name] == value for name, value in shown.items()), (made, shown)
        page = api.good(f'list{plural}', query={'limit': 1}).json
        assert len(page['items']) == 1, page
        # One page after the other shows each once.
        seen = page['items']
        while page['next']:
            page = api.good(f'list{plural}', query={'limit': 1, 'cursor': page['next']}).json
            seen += page['items']
        ids = [item['id'] for item in seen]
        assert made['id'] in ids and len(set(ids)) == len(ids), (made, ids)
    for operation, body in BODIES.items():
        if operation.startswith('change') and operation in there:
            changed = api.good(operation, there[operation], body=body).json
            assert all(changed[name] == value for name, value in body.items()), changed
            api.good(operation.replace('change', 'put'), there[operation], body=BODIES[operation.replace('change', 'create')])
    for operation in ('getHealth', 'getMetrics', 'getOpenapi', 'getStatus', 'listBans', 'listAudit', 'checkAudit'):
        api.good(operation)
    compliance_is_of_a_company_and_a_year(api)
    scanned = api.good('createDevice', body={'tenant': 'acme', 'user': 'p101', 'name': 'scanned'}).json['account']['provisioning']
    there['getProvisioning'] = {'id': scanned['url'].rsplit('/', 1)[1]}
    api.good('getProvisioning', there['getProvisioning'])
    api.good('liftBans', query={'all': 'true'})
    certificates_are_listed(api, there)

    for query in ({}, {'live': 'true'}, {'live': 'false', 'tenant': 'acme', 'limit': 1}):
        assert api.good('listCalls', query=query).json['items'], query
    # Those that are live; the one before them was over when they began.
    assert api.good('getPeak', query={'tenant': 'acme'}).json['calls'] == 2
    assert api.good('getPeak', query={'tenant': 'acme', 'to': '2026-01-01T00:00:00Z'}).json['calls'] == 0
    api.bad('getPeak', 'invalid-parameter', 'to', query={'from': '2026-01-01T00:00:00Z', 'to': '2026-01-04T00:00:00Z'})
    assert api.good('getCall', {'id': call_id}).json['state'] == 'over'
    assert api.good('getCall', {'id': live_id}).json['state'] == 'answered'
    messages = api.good('listMessages', {'id': call_id}, query={'limit': 2}).json
    assert len(messages['items']) == 2 and messages['next'], messages
    api.good('listMessages', {'id': call_id}, query={'cursor': messages['next']})
    there.update({operation: {'id': call_id} for operation in ('getCall', 'listMessages')})
    return there


def compliance_is_of_a_company_and_a_year(api):
    report = api.good('getCompliance', query={'tenant': 'acme'}).json
    assert report['calls']['sum']['calls'] and report['sign_in']['people'] == 3, report
    api.bad('getCompliance', 'invalid-parameter', 'tenant')
    for first, last in ('2025-01-01', '2026-02-06'), ('2026-01-02', '2026-01-02'):
        api.bad('getCompliance', 'invalid-parameter', 'from',
                query={'tenant': 'acme', 'from': f'{first}T00:00:00Z', 'to': f'{last}T00:00:00Z'})
    year = {'tenant': 'acme', 'from': '2025-01-01T00:00:01Z', 'to': '2026-02-04T23:00:00Z'}
    report = api.good('getCompliance', query=year).json
    assert report['from'].startswith('2025-01-01T00:00:00.') and report['to'].startswith('2026-02-05T00:00:00.'), report
    assert report['calls']['days'] == [] and report['calls']['sum']['calls'] == 0, report


def certificates_are_listed(api, there):
    """Nobody answers where the authority should be: what is wanted is listed all the same. test_certificates has one."""
    domains = [c['domain'] for c in api.good('listCertificates').json['items']]
    assert domains == [None, 'acme.example', 'beta.example'], domains
    page = api.good('listCertificates', query={'limit': 1}).json
    [second] = api.good('listCertificates', query={'limit': 1, 'cursor': page['next']}).json['items']
    assert second['domain'] == 'acme.example', second
    [own] = api.good('listCertificates', query={'tenant': 'acme'}).json['items']
    assert own['domain'] == 'acme.example' and own['tenant'] == 'acme', own
    api.good('renewCertificate', {'id': 'acme.example'})
    api.bad('renewCertificate', 'unknown-certificate', path={'id': 'elsewhere.example'})


def everything_ends(api, there, live_ids):
    for operation, live_id in zip(('postHangUp', 'hangUpCall'), live_ids):
        api.good(operation, {'id': live_id})
    assert api.good('hangUpCalls', query={'tenant': 'acme'}).json['ended'] == 0
    for operation in ('removeIssuer', 'removeWebhook', 'removeNumber', 'removeTrunk', 'removeDevice', 'removeUser', 'removeTenant'):
        api.good(operation, there[operation])
        api.bad(operation, 'unknown-' + operation.removeprefix('remove').lower(), path=there[operation])


def everything_was_told(api):
    """Every change that was asked for, and what of other people's calls was looked at."""
    told, cursor = set(), ''
    while cursor is not None:
        page = api.good('listAudit', query={'limit': 500, 'cursor': cursor}).json
        told |= {(act['act'], act['thing']) for act in page['items']}
        cursor = page['next']
    kinds = {(act, kind.lower()) for kind in KINDS for act in ('created', 'changed', 'removed')}
    missing = kinds | {('created', 'token'), ('removed', 'token'), ('changed', 'password'), ('logged-in', 'session'),
                       ('logged-out', 'session'), ('failed', 'session'), ('created', 'code-app'), ('removed', 'code-app'),
                       ('created', 'passkey'), ('changed', 'passkey'), ('removed', 'passkey'), ('read', 'call'),
                       ('read-messages', 'call'), ('ended', 'call'), ('renewed', 'certificate')}
    assert missing <= told, missing - told


def things_are_found(api, call_id):
    def logins(**query):
        return [u['login'] for u in api.good('listUsers', query={'tenant': 'acme', **query}).json['items']]

    assert logins(role='supervisor') == ['zoe'] and logins(role='auditor') == []
    assert logins(q='PERSON 10') == ['p101', 'p102'] and logins(q='102') == ['p102'] and logins(q='10_') == []
    assert logins(q='p10', role='user', limit=1) == ['p101'] and logins(q='o', role='supervisor') == ['zoe']
    names = lambda operation, **query: sorted(d['name'] for d in api.good(operation, query=query).json['items'])
    assert names('listTenants', q='EXAMPLE') == ['acme', 'beta'] and names('listTenants', q='bet') == ['beta']
    assert names('listDevices', q='spare', tenant='acme', user='p101') == ['spare']
    assert names('listDevices', q='desk', tenant='acme', user='p101') == ['desk'] and names('listDevices', q='x y') == []

    call = api.good('getCall', {'id': call_id}).json
    calls = lambda **query: [c['id'] for c in api.good('listCalls', query=query).json['items']]
    everything = calls()
    assert everything[-1] == call_id and len(everything) == 3, everything
    assert calls(tenant='acme', user='p102', number='101', q='10', **{'from': call['started']}) == everything
    assert calls(result='answered') == calls(result=call['cause'], to='2999-01-01T00:00:00+02:00') == [call_id]
    answered = calls(answered='true')
    assert call_id in answered and sorted(answered + calls(answered='false')) == sorted(everything), answered
    assert calls(q='ANSWERED') == [call_id] and calls(q='nswere_') == calls(result='busy') == calls(number='+33142685300') == []
    assert calls(tenant='acme', user='zoe') == calls(to=call['started']) == [] and calls(number='102', limit=1) == everything[:1]


def states_have_names(api, kind):
    """PUT makes and makes again; a write is refused to who has not seen the last one."""
    path, body = {'id': str(uuid.uuid4())}, {**BODIES[f'create{kind}'], **OTHERS[kind]}
    get, put, change, remove = (f'{verb}{kind}' for verb in ('get', 'put', 'change', 'remove'))
    if_match = lambda *tags: {'If-Match': ', '.join(tags)}

    api.bad(put, 'precondition-failed', path=path, body=body, headers=if_match('*'))
    made = api.good(put, path, body=body)
    assert made.status == 201 and made.json['id'] == path['id'] and made.json['created'] == made.json['updated'], str(made)
    first = made.headers['ETag']
    again = api.good(put, path, body=body)
    assert (again.status, again.headers['ETag'], again.json['updated']) == (200, first, made.json['updated']), str(again)
    api.bad(put, 'precondition-failed', path=path, body=body, headers={'If-None-Match': '*'})

    assert api.good(get, path, headers={'If-None-Match': f'"x", {first}'}).status == 304
    assert api.good(get, path, headers={'If-None-Match': '"x"'}).headers['ETag'] == first
    changed = api.good(change, path, body=BODIES[change], headers=if_match('"x"', first))
    second = changed.headers['ETag']
    assert second != first and changed.json['updated'] > made.json['updated'], str(changed)
    assert changed.json['created'] == made.json['created'], str(changed)
    shown = api.good(get, path, headers={'If-None-Match': first})
    assert (shown.status, shown.headers['ETag']) == (200, second), str(shown)
    assert api.good(change, path, body={}).headers['ETag'] == second  # nothing is changed

    for operation, more in ((change, {'body': BODIES[change]}), (put, {'body': body}), (remove, {})):
        api.bad(operation, 'precondition-failed', path=path, headers=if_match(first), **more)
    if 'tenant' in body:
        other = 'acme' if body['tenant'] == 'beta' else 'beta'
        elsewhere = {**body, 'tenant': other, 'user': 'nobody'} if 'user' in body else {**body, 'tenant': other}
        api.bad(put, *(('unknown-user', 'user') if 'user' in body else ('id-taken',)), path=path, body=elsewhere)
    api.bad(put, 'bad-request', path=path, body=body, headers=if_match(*100 * [first]))
    api.good(remove, path, headers=if_match(second))
    api.bad(remove, f'unknown-{kind.lower()}', path=path)


def accounts_are_changed(api):
    """A user name, hash or password go together, and are shown once."""
    body = {'tenant': 'acme', 'user': 'p101', 'name': 'fourth'}
    made = api.good('createDevice', body=body).json
    path = {'id': made['id']}
    assert 'account' not in api.good('changeDevice', path, body={'username': made['username'], 'digest': 'md5'}).json
    for field, value in (('username', 'fourth-1'), ('digest', 'sha-256')):
        api.bad('changeDevice', 'missing-field', 'password', path=path, body={field: value})
        api.bad('putDevice', 'missing-field', 'password', path=path, body={**body, field: value})
    api.bad('changeDevice', 'username-taken', 'username', path=path, body={'username': 'acme-101-desk', 'password': 'abcdefgh'})
    changed = api.good('changeDevice', path, body={'username': 'fourth-1', 'password': 'abcdefgh'}).json
    assert changed['account']['password'] == 'abcdefgh' and changed['username'] == 'fourth-1', changed
    kept = api.good('putDevice', path, body=body)
    assert 'account' not in kept.json and kept.json['username'] == 'fourth-1', str(kept)
    same = api.good('putDevice', path, body={**body, 'password': 'abcdefgh'})
    assert same.json['account']['username'] == 'fourth-1' and same.headers['ETag'] == kept.headers['ETag'], str(same)
    other = api.good('changeDevice', path, body={'password': 'hgfedcba'})
    assert other.headers['ETag'] != same.headers['ETag'], str(other)
    api.good('removeDevice', path)


def webhooks_are_asked(api, there):
    """A test is a delivery: tried once, as nobody is there."""
    path = there['getWebhook']
    there.update({operation: path for operation in ('renewSecret', 'testWebhook', 'retryDelivery', 'listDeliveries')})
    secrets = {api.good('renewSecret', path).json['secret'] for _ in range(2)}
    assert len(secrets) == 2 and all(len(s) == 74 and s.startswith('alto_hook_') for s in secrets), secrets
    begun = api.good('testWebhook', path).json
    [delivery] = wait_until(lambda: [d for d in api.good('listDeliveries', path, query={'limit': 1}).json['items'] if d['tried']],
                            'a delivery that was tried')
    assert (delivery['id'], delivery['event'], delivery['state']) == (begun['id'], 'test', 'given-up'), delivery
    assert delivery['status'] is None and delivery['error'], delivery
    assert api.good('getWebhook', path).json['failing']
    assert api.good('retryDelivery', path, body={'delivery': begun['id']}).json == begun
    api.bad('retryDelivery', 'unknown-delivery', 'delivery', path=path, body=BODIES['retryDelivery'])
    for url in 'https://127.0.0.1/', 'https://[fd00::1]/', 'https://169.254.169.254/':
        api.bad('changeWebhook', 'url-not-public', 'url', path=path, body={'url': url})
    for url in 'http://webhooks.invalid/', 'https://webhooks.invalid:25/', 'https://u:p@webhooks.invalid/', 'https://webhooks.invalid/#part':
        api.bad('changeWebhook', 'invalid-field', 'url', path=path, body={'url': url})
    api.good('changeWebhook', path, body={'state': 'off'})
    api.bad('testWebhook', 'conflict', path=path)
    api.good('changeWebhook', path, body={'state': 'on'})


def issuers_are_asked(api, there, told, port):
    """One that says what it is told to say; test_openid has a real one."""
    path = there['checkIssuer'] = there['getIssuer']
    api.good('changeIssuer', path, body={'url': told.url})
    api.good('checkIssuer', path)
    page = PageApi(api, Browser(port))
    assert page.good('getOpenid', query={'who': 'p102@acme.example'}).json == {'name': 'SSO', 'passwords': True}
    url = page.good('signInOpenid', body={'login': 'p102@acme.example'}).json['url']
    told.token = told.key.sign(told.claims(url, email='p102@acme.example'))
    [state] = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)['state']
    back = {'company': told.of(url), 'code': 'code', 'state': state}
    assert page.good('signInOpenid', body=back).json['user']['login'] == 'p102'
    page = PageApi(api, Browser(port))
    page.bad('signInOpenid', 'wrong-sign-in', body=back)
    page.bad('signInOpenid', 'missing-field', 'login', body={})
    for name in 'company', 'state':
        page.bad('signInOpenid', 'missing-field', name, body={k: v for k, v in back.items() if k != name})
    page.bad('signInOpenid', 'unknown-issuer', 'login', body={'login': 'beta.example'})
    api.bad('signInOpenid', 'wrong-address', body=back)
    api.good('changeIssuer', path, body={'url': BODIES['createIssuer']['url']})
    api.bad('checkIssuer', 'issuer-trouble', 'url', path=path)
    api.bad('createIssuer', 'conflict', 'tenant', body=BODIES['createIssuer'])
    for url in 'https://127.0.0.1', 'https://[fd00::1]', 'https://169.254.169.254':
        api.bad('changeIssuer', 'url-not-public', 'url', path=path, body={'url': url})
    for url in ('http://issuer.invalid', 'https://issuer.invalid:25', 'https://u:p@issuer.invalid', 'https://issuer.invalid/?a',
                'https://issuer.invalid/#a', 'https://issuer.invalid/ a'):
        api.bad('changeIssuer', 'invalid-field', 'url', path=path, body={'url': url})


def tokens_open(api, there, port):
    made = api.good('createToken', body=BODIES['createToken']).json
    there['removeToken'] = {'id': made['id']}
    assert all(made[name] == value for name, value in BODIES['createToken'].items() if name != 'days'), made
    of_node = api.good('createToken', body={'name': 'node'}).json
    assert (of_node['tenant'], of_node['role'], of_node['access']) == (None, 'provider', 'full'), of_node
    page = api.good('listTokens', query={'limit': 1}).json
    rest = api.good('listTokens', query={'cursor': page['next']}).json
    seen = [token['id'] for token in page['items'] + rest['items']]
    assert seen == [made['id'], of_node['id']] and not rest['next'], (page, rest)
    api.bad('createToken', 'invalid-field', 'role', body={**BODIES['createToken'], 'role': 'provider'})
    api.bad('createToken', 'invalid-field', 'role', body={'name': 'node', 'role': 'admin'})

    reader, stranger = (PageApi(api, Browser(port, token)) for token in (made['token'], of_node['token']))
    assert [token['id'] for token in reader.good('listTokens').json['items']] == [made['id']]
    reader.bad('createToken', 'forbidden', body=BODIES['createToken'])
    reader.bad('getSession', 'forbidden')
    stranger.bad('listTokens', 'no-login')
    return reader


def people_log_in(api, there, port):
    """The page of somebody who has logged in."""
    [user] = api.good('listUsers', query={'tenant': 'acme', 'login': 'p102'}).json['items']
    path = there['setPassword'] = {'id': user['id']}
    api.good('setPassword', path, body={'password': PASSWORD})
    login = {'login': 'p102@acme.example', 'password': PASSWORD}
    page = PageApi(api, Browser(port))
    page.bad('getSession', 'no-login')
    page.bad('beginSession', 'wrong-login', body={**login, 'password': 'wrong'})
    session = page.good('beginSession', body=login).json
    assert (session['user'], session['domain']) == (user, 'acme.example'), session
    page.bad('endSession', 'foreign')
    page.browser.csrf = session['csrf']
    assert page.good('getSession').json == session
    page.bad('setPassword', 'missing-field', 'old', path=path, body={'password': PASSWORD})
    page.bad('setPassword', 'wrong-login', 'old', path=path, body={'password': PASSWORD, 'old': 'wrong'})
    page.good('setPassword', path, body=BODIES['setPassword'])
    phone = page.good('beginPhone').json
    assert page.good('beginPhone', body={'username': phone['username']}).json['password'] == phone['password']
    # Nobody is a person on the unix socket.
    api.bad('beginSession', 'bad-request', body=login)
    for operation in ('getSession', 'endSession', 'getTotp', 'setTotp', 'removeTotp', 'beginPhone'):
        api.bad(operation, 'forbidden')
    return page


def codes_are_asked_for(api, page, port):
    # Each code is newer than the one before, and good for a step on either side of its own.
    now, login = step(), {'login': 'p102@acme.example', 'password': PASSWORD}
    new = PageApi(api, Browser(port))
    assert page.good('getTotp').json == {'on': False}
    secret = page.good('setTotp').json['secret']
    page.bad('setTotp', 'wrong-code', 'code', body={'secret': secret, 'code': code_of(secret, now + 50)})
    page.good('setTotp', body={'secret': secret, 'code': code_of(secret, now)})
    assert page.good('getTotp').json == {'on': True}
    page.bad('setTotp', 'conflict', body={'secret': secret, 'code': code_of(secret, now)})
    new.bad('beginSession', 'code-needed', 'code', body=login)
    page.bad('removeTotp', 'wrong-code', 'code')
    page.bad('removeTotp', 'wrong-code', 'code', query={'code': code_of(secret, now + 50)})
    page.good('removeTotp', query={'code': code_of(secret, now + 1)})
    secret = page.good('setTotp', body={}).json['secret']
    page.good('setTotp', body={'secret': secret, 'code': code_of(secret, now)})
    new.bad('beginSession', 'wrong-code', 'code', body={**login, 'code': code_of(secret, now)})
    new.good('beginSession', body={**login, 'code': code_of(secret, now + 1)})


def passkeys_open(api, page, there, port):
    new = PageApi(api, Browser(port))
    with tempfile.TemporaryDirectory(prefix='alto-') as scratch:
        key = Authenticator(pathlib.Path(scratch), 'stick')
        made = page.good('createPasskey', body={**key.make(page.good('createPasskey', body={}).json, page.browser.origin),
                                                'name': 'Stick'}).json
        there.update({f'{verb}Passkey': {'id': made['id']} for verb in ('change', 'remove')})
        page.good('changePasskey', there['changePasskey'], body=BODIES['changePasskey'])
        assert page.good('listPasskeys').json['items'] == [{**made, **BODIES['changePasskey']}]
        user = page.good('getSession').json['user']['id']
        session = new.good('signIn', body=key.sign(new.good('signIn', body={}).json, new.browser.origin, user)).json
        assert session['user']['id'] == user, session
    new = PageApi(api, Browser(port))
    new.bad('signIn', 'missing-field', 'signature', body={k: v for k, v in BODIES['signIn'].items() if k != 'signature'})
    new.bad('signIn', 'wrong-passkey', body=BODIES['signIn'])


def events_come(api, page, there):
    api.bad('getEvents', 'bad-request')
    events = Events(page.browser)
    assert events.status == 101, events.body
    api.succeeded.add('getEvents')
    kinds = []
    for happens in (lambda: None, lambda: api.good('changeTenant', {'id': 'acme'}, body={'lines': 7}),
                    lambda: api.good('changeUser', there['getUser'], body={'name': 'Zoé'})):
        happens()
        told = events.next()
        api.validate(told, api.schemas['Event'], 'an event')
        kinds.append(told['kind'])
    assert kinds == ['hello', 'tenant', 'user'], kinds
    events.close()


def everybody_leaves(api, page, reader, there):
    page.good('removePasskey', there['removePasskey'])
    page.good('endSession')
    page.bad('getSession', 'no-login')
    api.good('removeToken', there['removeToken'])
    reader.bad('listTokens', 'no-login')
    api.bad('removeToken', 'unknown-token', path=there['removeToken'])


# ---- spoilt ----

def bodies_are_refused(api, o, path):
    def refused(code, field=None, **kwargs):
        assert api.bad(o.id, code, field, path=path, **kwargs)

    good = BODIES[o.id]
    fields, required = o.request['properties'], o.request.get('required', [])
    assert set(good) <= set(fields) and set(required) <= set(good), o.id
    for name, schema in fields.items():
        for value in wrong_values(schema):
            # A NUL has no place in any text: it is not even read.
            refused('invalid-field', name, body={**good, name: value})
        refused('bad-json', body={**good, name: 'a\0b'})
        if name in UNKNOWN:
            refused(UNKNOWN[name], name, body={**good, name: 'nobody-1'})
    for name in required:
        refused('missing-field', name, body={k: v for k, v in good.items() if k != name})
        refused('missing-field', name, body={**good, name: None})
    refused('unknown-field', 'colour', body={**good, 'colour': 'red'})
    refused('unknown-field', body={**good, '<colour>': 'red'})
    for raw in (b'{', b'[]', b'"a"', b'null', b'{} {}', b'{"name":"a","name":"b"}', b'{"name":"\xff"}', b'\xef\xbb\xbf{}', b'[' * 5000):
        refused('bad-json', raw=raw)
    if o.body_required:
        refused('bad-json')
    refused('not-json', body=good, headers={'Content-Type': 'text/plain'})


def heads_are_refused(api, o, path):
    api.bad(o.id, 'too-large', path=path, raw=b'{', headers={'Content-Length': '65537'})  # no more of it is read
    api.bad(o.id, 'length-required', path=path, raw=b'{}', headers={'Transfer-Encoding': 'chunked'})


def parameters_are_refused(api, o, path):
    def query_with(name):
        return {n: QUERIES[n] for n in NEEDS.get(name, ()) if n in o.parameters['query']}

    for name, parameter in o.parameters['query'].items():
        schema = parameter['schema']
        texts = [str(v) for v in wrong_values(schema) if type(v) in (int, float)] if schema['type'] == 'integer' else wrong_texts(schema)
        # An empty one is as none; at a control character the library ends the value.
        for text in (t for t in texts if t and t.isprintable()):
            api.bad(o.id, 'invalid-parameter', name, path=path, query={**query_with(name), name: text})
        api.bad(o.id, 'invalid-parameter', name, path=path, query=[*query_with(name).items(), *2 * [(name, QUERIES.get(name, ''))]])
        if name in UNKNOWN:
            api.bad(o.id, UNKNOWN[name], name, path=path, query={**query_with(name), name: 'nobody-1'})
        if 'live' in o.parameters['query'] and name not in ('tenant', 'live', 'limit', 'cursor'):
            api.bad(o.id, 'invalid-parameter', name, query={**query_with(name), name: QUERIES[name], 'live': 'true'})
        for other in query_with(name):
            if other == 'tenant' and o.id != 'listTrunks':
                api.bad(o.id, 'invalid-parameter', name, path=path, query={name: QUERIES[name]})
    api.bad(o.id, 'unknown-parameter', path=path, query={'colour': 'red'})
    if 'cursor' in o.parameters['query']:
        api.bad(o.id, 'invalid-parameter', 'cursor', path=path, query={'cursor': 'not-one'})


def unknown_ids_are_refused(api, o):
    for value in (NOBODY['id'], str(uuid.uuid4()).upper(), 'a', '..', '%', 'x' * 200, "';--", 'é', '\x01'):
        if o.method == 'PUT' and value == NOBODY['id']:
            continue  # it would be made
        if value == '..' and 'session' in o.tags:
            continue  # it is the session itself
        answer = api.call(o.id, {'id': value}, body=BODIES.get(o.id))
        # Dots are gone before a path is looked at.
        assert answer.json['code'] == 'not-found' if value == '..' else answer.json['code'].startswith('unknown-'), (o.id, value, str(answer))


def methods_are_refused(api):
    for path, item in api.paths.items():
        known = [m.upper() for m in METHODS if m in item]
        target = path.replace('{id}', NOBODY['id'])
        for method in (*map(str.upper, METHODS), 'OPTIONS'):
            if method in known:
                continue
            answer = api.send(method, target)
            assert answer.status == 405 and answer.json['code'] == 'method-not-allowed', (method, target, str(answer))
            assert sorted(answer.headers['Allow'].split(', ')) == sorted(known + ['HEAD'] * ('GET' in known)), (target, answer.headers['Allow'])
        for beside in (target + '/', target + '/a/b', target + 'x' if '{id}' not in path else '/api/v2' + target):
            answer = api.send('GET', beside)
            assert answer.status == 404 and answer.json['code'] == 'not-found', (beside, str(answer))


def taken_things_are_refused(api, there):
    for operation, code, field, change in (
            ('createTenant', 'name-taken', 'name', {'name': 'acme'}), ('createTenant', 'domain-taken', 'domain', {'domain': 'ACME.example'}),
            ('createUser', 'login-taken', 'login', {'login': 'p101'}), ('createUser', 'extension-taken', 'extension', {'extension': '101'}),
            ('createDevice', 'name-taken', 'name', {'name': 'desk'}), ('createDevice', 'username-taken', 'username', {'username': 'acme-101-desk'}),
            ('createTrunk', 'name-taken', 'name', {}), ('createNumber', 'number-taken', 'number', {}),
            ('createTrunk', 'invalid-field', 'srtp', {'name': 'other', 'srtp': 'sdes'}),
            ('createTrunk', 'invalid-field', 'listener', {'name': 'other', 'listener': '192.0.2.9:5060'}),
            ('createNumber', 'invalid-field', 'flow', {'number': '+33142685301', 'flow': 'main'})):
        body = {**BODIES[operation], **{'name': 'new', 'domain': 'new.example', 'login': 'new', 'extension': '399', 'username': 'new-1'}}
        body = {k: v for k, v in body.items() if k in api.operations[operation].request['properties']}
        if operation == 'createTrunk' and not change:
            body['name'] = 'operator'
        api.bad(operation, code, field, body={**body, **change})
    for operation, code, field, change in (
            ('changeTenant', 'name-taken', 'name', {'name': 'acme'}), ('changeTenant', 'domain-taken', 'domain', {'domain': 'acme.example'}),
            ('changeUser', 'login-taken', 'login', {'login': 'p101'}), ('changeUser', 'extension-taken', 'extension', {'extension': '102'}),
            ('changeDevice', 'name-taken', 'name', {'name': 'desk'}), ('changeTrunk', 'invalid-field', 'srtp', {'srtp': 'sdes'}),
            ('changeTrunk', 'invalid-field', 'listener', {'listener': '192.0.2.9:5060'}), ('changeNumber', 'unknown-user', 'user', {'user': 'zz'})):
        api.bad(operation, code, field, path=there[operation], body=change)
    api.bad('putUser', 'id-taken', path=there['putUser'], body={**BODIES['createUser'], 'tenant': 'beta'})
    api.bad('putNumber', 'id-taken', path=there['putNumber'], body={**BODIES['createNumber'], 'number': '+33142685311'})
    api.bad('hangUpCalls', 'invalid-parameter', 'tenant')
    api.bad('liftBans', 'invalid-parameter', 'address')
    api.bad('liftBans', 'unknown-ban', 'address', query={'address': '192.0.2.7'})


def main(directory):
    files = make(directory, 'issuer', '-addext', 'subjectAltName=IP:127.0.0.2')
    told = Told(files, directory, '127.0.0.2')
    udp, https = f'127.0.0.1:{free_port()}', free_port()
    with Alto(listen={'sip_udp': [udp], 'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}'],
                      'http': [f'127.0.0.1:{free_port()}']}, plain_rtp=True,
              extra='acme: {directory: "https://127.0.0.1:1/dir", terms_agreed: true}\n'
                    f'webhooks: {{allow: [127.0.0.2]}}\ntls: {{ca: {files[0]}}}\n') as alto:
        accounts = alto.company(srtp='off')
        caller, callee = ('101', accounts['101']['desk']), ('102', accounts['102']['desk'])
        port = free_port()
        with Sipp(alto.directory, 'register', udp, port, [callee]) as register:
            register.finish()
        with Sipp(alto.directory, 'answer', udp, port) as answer, \
                Sipp(alto.directory, 'call', udp, free_port(), [caller], service='102') as call:
            call.finish()
            answer.finish()
        over = alto.last_call()['id']
        with Sipp(alto.directory, 'answer_and_stay', udp, port, calls=2) as answer, \
                Sipp(alto.directory, 'call_and_stay', udp, free_port(), [caller], calls=2, service='102') as call:
            call.finish()
            answer.finish()
        live_ids = [c['id'] for c in alto.listing('calls', '--live')]

        api = Api(str(alto.data / 'alto.sock'))
        there = everything_works(api, over, live_ids[0])
        things_are_found(api, over)
        for kind in KINDS:
            states_have_names(api, kind)
        accounts_are_changed(api)
        webhooks_are_asked(api, there)
        issuers_are_asked(api, there, told, https)
        reader = tokens_open(api, there, https)
        page = people_log_in(api, there, https)
        codes_are_asked_for(api, page, https)
        passkeys_open(api, page, there, https)
        events_come(api, page, there)
        for o in api.operations.values():
            # Only a person on a page gets as far as the fields of a session; who logs in is nobody yet.
            asker = PageApi(api, Browser(https)) if o.id in ('beginSession', 'signIn', 'getOpenid', 'signInOpenid') else page if 'session' in o.tags else api
            if o.request:
                bodies_are_refused(asker, o, there.get(o.id))
                heads_are_refused(api, o, there.get(o.id))
            if '{id}' in o.path:
                unknown_ids_are_refused(asker, o)
            if o.method == 'GET' or o.parameters['query']:
                parameters_are_refused(asker, o, there.get(o.id))
        taken_things_are_refused(api, there)
        methods_are_refused(api)
        everybody_leaves(api, page, reader, there)
        everything_ends(api, there, live_ids)
        everything_was_told(api)

        never = set(api.operations) - api.succeeded
        assert not never, f'never called with success: {never}'
        # What only a store in trouble or a race says is seen in the unit tests.
        unseen = set(api.statuses) - api.codes
        print('problems not met:', ', '.join(sorted(unseen)))


with tempfile.TemporaryDirectory(prefix='alto-') as scratch:
    main(pathlib.Path(scratch))
