"""Every cell of the table of rights over HTTPS: each role of one company against its own things and another company's."""

from browser import Browser
from server import Alto, free_port, wait_until
from softphone import Softphone

SUITES = ['AES_CM_128_HMAC_SHA1_80']

ROLES = 'nobody', 'user', 'auditor', 'supervisor', 'admin', 'provider'

# What may be done, role by role: A everything, T the own company's, O one's own, - nothing. In the order of ROLES, and
# said here a second time on purpose: src/web/policy.c is what is tested.
RIGHTS = {
    'GET /healthz': 'AAAAAA',
    'GET /metrics': '-----A',
    'GET /api/v1/status': '-----A',
    'GET /api/v1/bans': '-----A',
    'DELETE /api/v1/bans?all=true': '-----A',
    'GET /api/v1/certificates': '--T-TA',
    'POST /api/v1/certificates/{domain}/renew': '-----A',
    'GET /api/v1/tenants': '-TTTTA',
    'POST /api/v1/tenants': '-----A',
    'GET /api/v1/tenants/{tenant}': '-TTTTA',
    'PATCH /api/v1/tenants/{tenant}': '----TA',
    'PUT /api/v1/tenants/{tenant}': '-----A',
    'DELETE /api/v1/tenants/{tenant}': '-----A',
    'GET /api/v1/users': '-TTTTA',
    'POST /api/v1/users': '----TA',
    'GET /api/v1/users/{user}': '-TTTTA',
    'PUT /api/v1/users/{spare}': '----TA',
    'PATCH /api/v1/users/{spare}': '----TA',
    'DELETE /api/v1/users/{spare}': '----TA',
    'POST /api/v1/users/{user}/password': '-OOOTA',  # one's own, with the old one: test_login
    'POST /api/v1/session/phone': '-OOOO-',
    'GET /api/v1/devices': '-OTTTA',
    'POST /api/v1/devices': '----TA',
    'GET /api/v1/devices/{device}': '-OTTTA',
    'PATCH /api/v1/devices/{device}': '----TA',
    'PUT /api/v1/devices/{device}': '----TA',
    'DELETE /api/v1/devices/{device}': '----TA',
    'GET /api/v1/provisioning/{provisioning}': 'AAAAAA',  # of who has its secret: test_provisioning
    'GET /api/v1/numbers': '-TTTTA',
    'POST /api/v1/numbers': '-----A',
    'GET /api/v1/numbers/{number}': '-TTTTA',
    'PATCH /api/v1/numbers/{number}': '----TA',
    'PUT /api/v1/numbers/{number}': '-----A',
    'DELETE /api/v1/numbers/{number}': '-----A',
    'GET /api/v1/trunks': '--T-TA',
    'POST /api/v1/trunks': '-----A',
    'GET /api/v1/trunks/{trunk}': '--T-TA',
    'PUT /api/v1/trunks/{trunk}': '-----A',
    'PATCH /api/v1/trunks/{trunk}': '-----A',
    'DELETE /api/v1/trunks/{trunk}': '-----A',
    'GET /api/v1/calls': '-O-TTA',
    'GET /api/v1/calls?live=true': '-O-TTA',
    'DELETE /api/v1/calls': '----TA',
    'GET /api/v1/calls/{call}': '-O-TTA',
    'DELETE /api/v1/calls/{call}': '-O-TTA',
    'POST /api/v1/calls/{call}/hangup': '-O-TTA',
    'GET /api/v1/calls/{call}/messages': '----TA',
    'GET /api/v1/tokens': '--T-TA',
    'POST /api/v1/tokens': '----TA',
    'DELETE /api/v1/tokens/{token}': '----TA',
    'GET /api/v1/peak': '---TTA',
    'GET /api/v1/audit': '--T-TA',
    'GET /api/v1/audit/check': '--T-TA',
    'GET /api/v1/compliance': '--T-TA',
    'GET /api/v1/webhooks': '--T-TA',
    'POST /api/v1/webhooks': '----TA',
    'GET /api/v1/webhooks/{webhook}': '--T-TA',
    'PUT /api/v1/webhooks/{webhook}': '----TA',
    'PATCH /api/v1/webhooks/{webhook}': '----TA',
    'POST /api/v1/webhooks/{webhook}/secret': '----TA',
    'POST /api/v1/webhooks/{webhook}/test': '----TA',
    'POST /api/v1/webhooks/{webhook}/retry': '----TA',
    'GET /api/v1/webhooks/{webhook}/deliveries': '--T-TA',
    'DELETE /api/v1/webhooks/{webhook}': '----TA',
    'GET /api/v1/issuers': '--T-TA',
    'POST /api/v1/issuers': '----TA',
    'GET /api/v1/issuers/{issuer}': '--T-TA',
    'PUT /api/v1/issuers/{issuer}': '----TA',
    'PATCH /api/v1/issuers/{issuer}': '----TA',
    'POST /api/v1/issuers/{issuer}/check': '----TA',
    'DELETE /api/v1/issuers/{issuer}': '----TA',
}
BODIES = {
    'POST /api/v1/tenants': lambda n, t: {'name': f'made-{n}', 'domain': f'made-{n}.example'},
    'PATCH /api/v1/tenants/{tenant}': lambda n, t: {'lines': n},
    'POST /api/v1/users': lambda n, t: {'tenant': t, 'login': f'made-{n}', 'extension': str(3000 + n), 'name': 'Made'},
    'PUT /api/v1/tenants/{tenant}': lambda n, t: {'name': t, 'domain': f'{t}.example', 'lines': n},
    'PUT /api/v1/users/{spare}': lambda n, t: {'tenant': t, 'login': f'put-{n}', 'extension': str(5000 + n), 'name': 'Put'},
    'PATCH /api/v1/users/{spare}': lambda n, t: {'name': f'Name {n}'},
    'PUT /api/v1/devices/{device}': lambda n, t: {'tenant': t, 'user': 'anna', 'name': f'put-{n}'},
    'PUT /api/v1/numbers/{number}': lambda n, t: {'tenant': t, 'number': f'+3314269{5000 + n}', 'user': 'anna'},
    'PUT /api/v1/trunks/{trunk}': lambda n, t: {'tenant': t, 'name': f'put-{n}', 'host': f'192.0.2.{n % 250}'},
    'PATCH /api/v1/trunks/{trunk}': lambda n, t: {'host': f'192.0.2.{n % 250}'},
    'POST /api/v1/users/{user}/password': lambda n, t: {'password': f'a new password {n}'},
    'POST /api/v1/devices': lambda n, t: {'tenant': t, 'user': 'anna', 'name': f'made-{n}'},
    'PATCH /api/v1/devices/{device}': lambda n, t: {'keepalive': 'off'},
    'POST /api/v1/numbers': lambda n, t: {'tenant': t, 'number': f'+3314268{5000 + n}', 'user': 'anna'},
    'PATCH /api/v1/numbers/{number}': lambda n, t: {'user': 'anna'},
    'POST /api/v1/trunks': lambda n, t: {'tenant': t, 'name': f'made-{n}', 'host': f'192.0.2.{n % 250}'},
    'POST /api/v1/tokens': lambda n, t: {'tenant': t, 'name': 'made', 'role': 'user'},
    'POST /api/v1/webhooks': lambda n, t: {'tenant': t, 'name': f'Made {n}', 'url': NOBODY_THERE},
    'PUT /api/v1/webhooks/{webhook}': lambda n, t: {'tenant': t, 'name': f'Put {n}', 'url': NOBODY_THERE},
    'PATCH /api/v1/webhooks/{webhook}': lambda n, t: {'name': f'Name {n}'},
    'POST /api/v1/webhooks/{webhook}/retry': lambda n, t: {'delivery': ABSENT},
    'POST /api/v1/issuers': lambda n, t: {'tenant': t, **ISSUER},
    'PUT /api/v1/issuers/{issuer}': lambda n, t: {'tenant': t, **ISSUER, 'name': f'Put {n}'},
    'PATCH /api/v1/issuers/{issuer}': lambda n, t: {'name': f'Name {n}'},
}
NOBODY_THERE = 'https://webhooks.invalid/'
ISSUER = {'name': 'SSO', 'url': 'https://issuer.invalid', 'client_id': 'alto', 'client_secret': 'secret'}

NAMED = 'DELETE /api/v1/calls', 'GET /api/v1/compliance'  # of one company alone

ABSENT = '01920000-0000-7000-8000-00000000dead'


class Company:
    def __init__(self, alto, name, digit):
        self.alto, self.name, self.digit, self.made = alto, name, digit, 0
        self.spare_webhook = None
        alto.command('tenant', 'add', name, '--domain', f'{name}.example')
        self.tenant = self.find('tenants', 'name', name)
        for extension, login in enumerate(('anna', 'bruno')):
            alto.command('user', 'add', name, login, '--extension', str(100 + extension), '--name', login.title())
        self.user = self.find('users', 'login', 'anna')
        self.webhook()
        self.issuer()
        accounts = alto.people(name, ('120', '121'))
        self.caller, self.callee = (Softphone(accounts[e]['desk'], e, ('127.0.0.1', alto.tls_port), 'tls') for e in accounts)
        self.caller.register()
        self.callee.register()

    def find(self, kind, key, value):
        items = self.alto.api('GET', f'/api/v1/{kind}' + ('' if kind == 'tenants' else f'?tenant={self.name}'))[1]['items']
        return next(i['id'] for i in items if i[key] == value)

    def create(self, kind, body):
        status, made = self.alto.api('POST', f'/api/v1/{kind}', {'tenant': self.name, **body})
        assert status == 201, made
        return made['id']

    def webhook(self):
        """A company has only so many: the same one, until it is lost."""
        if not self.spare_webhook or self.alto.api('GET', f'/api/v1/webhooks/{self.spare_webhook}')[0] != 200:
            self.spare_webhook = self.create('webhooks', {'name': f'Webhook {self.made}', 'url': NOBODY_THERE})
        return self.spare_webhook

    def issuer(self):
        """A company has one."""
        there = self.alto.api('GET', f'/api/v1/issuers?tenant={self.name}')[1]['items']
        return there[0]['id'] if there else self.create('issuers', ISSUER)

    def calls(self):
        live = self.alto.api('GET', f'/api/v1/calls?live=true&tenant={self.name}')[1]['items']
        return [c['id'] for c in live if c['state'] == 'answered']

    def call(self):
        """One in progress, of neither Anna nor Bruno: the same one, until it is hung up."""
        if not self.calls():
            dialled = self.caller.dial('121', suites=SUITES)
            self.callee.incoming(suites=SUITES).accept()
            assert dialled.answered()
            [live] = self.calls()
            # Its row, by which the messages are found, is committed a moment later.
            wait_until(lambda: self.alto.api('GET', f'/api/v1/calls/{live}/messages')[0] == 200, 'the messages of a call')
        [live] = self.calls()
        return live

    def provisioning(self):
        self.made += 1
        made = self.alto.api('POST', '/api/v1/devices', {'tenant': self.name, 'user': 'anna', 'name': f'scans-{self.made}'})[1]
        return made['account']['provisioning']['url'].rsplit('/', 1)[1]

    def fresh(self, what):
        """The id of a thing that may be lost."""
        self.made += 1
        n = self.digit * 1000 + self.made
        return {
            'tenant': lambda: self.tenant,
            'user': lambda: self.user,
            'spare': lambda: self.create('users', {'login': f'spare-{n}', 'extension': str(40000 + n), 'name': 'Spare'}),
            'device': lambda: self.create('devices', {'user': 'anna', 'name': f'device-{n}'}),
            'provisioning': self.provisioning,
            'number': lambda: self.create('numbers', {'number': f'+4930{10000 + n}', 'user': 'anna'}),
            'trunk': lambda: self.create('trunks', {'name': f'trunk-{n}', 'host': f'198.51.{self.digit}.{self.made % 250}'}),
            'token': lambda: self.create('tokens', {'name': 'spare', 'role': 'user'}),
            'webhook': self.webhook,
            'issuer': self.issuer,
            'call': self.call,
            'domain': lambda: f'{self.name}.example',
        }[what]()


def of(company, items, key='tenant'):
    return {item.get(key) or item.get('name') for item in items} <= {company.name}


def ask(browser, operation, company, n, ident=None):
    method, path = operation.split(' ')
    what = path[path.index('{') + 1:path.index('}')] if '{' in path else None
    if what:
        path = path.replace('{%s}' % what, ident or company.fresh(what))
    if operation in NAMED:
        path += f'?tenant={company.name}'
    body = BODIES[operation](n, company.name) if operation in BODIES else None
    return browser.ask(method, path, body), what


def allowed(operation, answer):
    """What is let through may still find nothing to do: there is no such delivery, and no authority."""
    nothing_there = answer.status == 404 and any(part in operation for part in ('/retry', '/renew'))
    is_another = operation.startswith('PUT') and answer.status == 409  # what it is may not become that
    has_one = operation == 'POST /api/v1/issuers' and answer.status == 409
    not_reached = operation.endswith('/check') and answer.status == 502
    return answer.status < 300 or nothing_there or is_another or has_one or not_reached


def check_hidden(operation, browser, company, n, what):
    """The same bytes of what there is and of what there is not; and it is still there."""
    ident = company.fresh(what)
    real, _ = ask(browser, operation, company, n, ident)
    absent, _ = ask(browser, operation, company, n, ABSENT)
    assert real.status == 404, (operation, real)
    assert (real.status, real.text.replace(ident, ABSENT)) == (absent.status, absent.text), (operation, real, absent)
    assert what != 'call' or company.calls() == [ident], (operation, 'it was hung up')


def check_cell(operation, role, reach, browser, own, other, n):
    answer, what = ask(browser, operation, own, n)
    if reach == '-':
        assert answer.status == (401 if role == 'nobody' else 403), (operation, role, answer)
        if role == 'nobody':
            assert answer.headers['www-authenticate'] == 'Bearer', answer.headers
        return
    if reach == 'O' and role != 'user':  # by a token, which is nobody
        assert answer.status == 403, (operation, role, answer)
        return
    if operation == 'POST /api/v1/session/phone':  # of whoever asks: test_websocket
        assert answer.status == 201, (operation, role, answer)
        return
    if reach == 'O':  # Bruno has nothing, and what he asks for is Anna's
        assert answer.status == (404 if what else 200), (operation, role, answer)
        assert what or answer.json['items'] == [], (operation, answer)
        if what:
            check_hidden(operation, browser, own, n + 501, what)
            check_hidden(operation, browser, other, n + 502, what)
        return
    assert allowed(operation, answer), (operation, role, answer)
    if operation in ('GET /api/v1/users', 'GET /api/v1/devices', 'GET /api/v1/numbers', 'GET /api/v1/trunks',
                     'GET /api/v1/tokens', 'GET /api/v1/webhooks', 'GET /api/v1/issuers', 'GET /api/v1/audit', 'GET /api/v1/tenants', 'GET /api/v1/calls') and reach == 'T':
        items = answer.json['items']
        assert (items or 'calls' in operation) and of(own, items, 'name' if 'tenants' in operation else 'tenant'), \
            (operation, items)
        named = browser.ask('GET', operation.split(' ')[1] + f'?tenant={other.name}') if 'tenants' not in operation else None
        nobodys = browser.ask('GET', operation.split(' ')[1] + '?tenant=nobodys') if named else None
        if named:
            assert named.status == nobodys.status == 404, named
            assert named.text.replace(other.name, 'nobodys') == nobodys.text, (named, nobodys)
    # Another company's: as if it were not there, by what is asked of its id and of an id that nothing has.
    elsewhere, what = ask(browser, operation, other, n + 500)
    if reach == 'A' and role == 'provider':
        assert allowed(operation, elsewhere), (operation, elsewhere)
    elif reach == 'T' and (what or operation in BODIES or operation in NAMED):
        assert elsewhere.status == 404, (operation, role, elsewhere)
        if what:
            check_hidden(operation, browser, other, n + 501, what)


def test_every_cell(browsers, acme, beta):
    n = 0
    for operation, reaches in RIGHTS.items():
        for role, reach in zip(ROLES, reaches):
            n += 1
            if role == 'provider' and operation == 'DELETE /api/v1/tenants/{tenant}':
                continue  # at the end
            check_cell(operation, role, reach, browsers[role], acme, beta, n)


def test_nothing_is_left_out(alto):
    """An operation of the API that this table does not know is one whose rights nobody has thought of."""
    status, document = alto.api('GET', '/api/v1/openapi.json')
    if status != 200:
        return
    known = {(o.split(' ')[0], o.split(' ')[1].split('?')[0].replace('{', '<').split('<')[0]) for o in RIGHTS}
    for path, operations in document['paths'].items():
        for method in operations:
            elsewhere = any(word in path for word in ('session', 'events', 'openapi'))  # test_login, test_events
            if method in ('get', 'post', 'patch', 'delete', 'put') and not elsewhere:
                assert (method.upper(), path.split('{')[0]) in known, (method, path)


def test_accounts_above(alto, browsers, acme):
    """What hangs on an account of the provider, who may live in any company, is the provider's to give and to change."""
    alto.command('user', 'add', 'acme', 'chief', '--extension', '996', '--name', 'Chief', '--role', 'provider')
    of_chief = [o for o, body in BODIES.items() if 'user' in body(0, 'acme')]
    assert {o.split(' ')[0] for o in of_chief} == {'POST', 'PUT', 'PATCH'}, of_chief
    for n, operation in enumerate(of_chief, 900):
        method, path = operation.split(' ')
        for what in 'device', 'number':
            path = path.replace('{%s}' % what, acme.fresh(what)) if '{%s}' % what in path else path
        body = {**BODIES[operation](n, 'acme'), 'user': 'chief'}
        for role, reach in zip(ROLES, RIGHTS[operation]):
            answer = browsers[role].ask(method, path, body)
            if role == 'provider':
                assert allowed(operation, answer), (operation, answer)
            else:
                assert answer.status == (401 if role == 'nobody' else 403), (operation, role, answer)
                assert reach == '-' or (answer.json['field'] == 'user' and 'role provider' in answer.json['detail']), answer
    device = acme.create('devices', {'user': 'chief', 'name': 'own'})
    path = f'/api/v1/devices/{device}'
    assert browsers['admin'].ask('GET', path).status == 200
    assert browsers['admin'].ask('PATCH', path, {'keepalive': 'off'}).status == 403
    assert browsers['admin'].ask('DELETE', path).status == 403
    assert browsers['provider'].ask('DELETE', path).status == 204
    number = f'/api/v1/numbers/{acme.create("numbers", {"number": "+4930996", "user": "chief"})}'
    for role in ROLES:
        answer = browsers[role].ask('PATCH', number, {'user': 'anna'})
        assert answer.status == {'nobody': 401, 'provider': 200}.get(role, 403), (role, answer)
        assert role != 'admin' or 'role provider' in answer.json['detail'], answer
    assert browsers['admin'].ask('PATCH', number, {'user': 'anna'}).status == 200


def test_lines(alto, browsers, acme):
    """The provider says how many lines a company has bought; its administrator, how many of them it uses; nobody else either."""
    path = f'/api/v1/tenants/{acme.tenant}'
    alto.command('tenant', 'set', 'acme', '--lines', '5')
    for role in ROLES:
        sold = browsers[role].ask('PATCH', path, {'lines_bought': 6})
        used = browsers[role].ask('PATCH', path, {'lines': 4})
        expected = {'nobody': (401, 401), 'admin': (403, 200), 'provider': (200, 200)}.get(role, (403, 403))
        assert (sold.status, used.status) == expected, (role, sold, used)
    assert (used.json['lines'], used.json['lines_bought']) == (4, 6), used
    for lines in 0, 7:
        lifted = browsers['admin'].ask('PATCH', path, {'lines': lines})
        assert (lifted.status, lifted.json['code'], lifted.json['field']) == (400, 'invalid-field', 'lines'), lifted
        assert 'from 1 to 6' in lifted.json['detail'], lifted
    assert browsers['admin'].ask('PATCH', path, {'lines': 6}).json['lines'] == 6
    alto.command('tenant', 'set', 'acme', '--lines', '2')
    shown = browsers['user'].ask('GET', path).json
    assert (shown['lines'], shown['lines_bought']) == (2, 2), shown


def test_tokens(alto, company, admin, acme, beta):
    reader = Browser(company, alto.command('token', 'add', 'reader', '--tenant', 'acme', '--access', 'read').strip())
    assert reader.ask('GET', '/api/v1/users').status == 200
    refused = reader.ask('PATCH', f'/api/v1/tenants/{acme.tenant}', {'lines': 1})
    assert refused.status == 403 and 'read' in refused.json['detail'], refused
    # Who has one company says which it is for, too.
    boss = Browser(company, alto.command('token', 'add', 'boss', '--tenant', 'acme', '--role', 'admin').strip())
    nameless = boss.ask('POST', '/api/v1/tokens', {'name': 'nameless'})
    assert (nameless.status, nameless.json['code'], nameless.json['field']) == (400, 'missing-field', 'tenant'), nameless
    assert 'name the company' in nameless.json['detail'], nameless
    # Each plane lets in its own.
    provider = alto.command('token', 'add', 'provider').strip()
    assert Browser(admin, provider).ask('GET', '/api/v1/tenants').status == 200
    assert Browser(company, provider).ask('GET', '/api/v1/tenants').status == 401
    assert Browser(admin, reader.token).ask('GET', '/api/v1/tenants').status == 401
    # What is not a token opens nothing, not even what is open to nobody.
    for wrong in 'x', 'alto_' + '0' * 64, reader.token[:-1], reader.token + '0', reader.token.upper():
        assert Browser(company, wrong).ask('GET', '/api/v1/users').status == 401, wrong
    # An admin gives no role above their own, and does not touch the provider's accounts.
    boss = Browser(company, alto.command('token', 'add', 'boss', '--tenant', 'acme').strip())
    for path, body in (('/api/v1/tokens', {'tenant': 'acme', 'name': 'x', 'role': 'provider'}),
                       ('/api/v1/users', {'tenant': 'acme', 'login': 'x', 'extension': '999', 'name': 'X',
                                          'role': 'provider'})):
        answer = boss.ask('POST', path, body)
        assert (answer.status, answer.json.get('field')) == (403, 'role'), answer
    alto.command('user', 'add', 'acme', 'root', '--extension', '998', '--name', 'Root', '--role', 'provider')
    root = acme.find('users', 'login', 'root')
    assert boss.ask('POST', f'/api/v1/users/{root}/password', {'password': 'not for you to set'}).status == 403
    assert boss.ask('DELETE', f'/api/v1/users/{root}').status == 403
    # Taken back, it opens nothing any more; after a restart the others are still there.
    [row] = [t for t in alto.listing('token', 'list', 'acme') if t['name'] == 'reader']
    assert row['access'] == 'read' and 'token' not in row, row
    alto.command('token', 'remove', row['id'])
    assert reader.ask('GET', '/api/v1/users').status == 401
    alto.stop()
    alto.start()
    boss.close()
    assert reader.ask('GET', '/api/v1/users').status == 401 and boss.ask('GET', '/api/v1/users').status == 200
    # What a company leaves behind.
    assert Browser(admin, provider).ask('DELETE', f'/api/v1/tenants/{acme.tenant}').status == 204
    assert boss.ask('GET', '/api/v1/users').status == 401


def test_makers_are_hidden(alto, admin, acme, browsers):
    """Who works for the provider may live in any company: no other is told who made its token, then or later."""
    alto.command('user', 'add', 'beta', 'eve', '--extension', '997', '--name', 'Eve', '--role', 'provider', '--password',
                 'correct horse')
    eve = Browser(admin)
    assert eve.login('eve@beta.example', 'correct horse').status == 200
    made = eve.ask('POST', '/api/v1/tokens', {'tenant': 'acme', 'name': 'by eve'}).json
    user = eve.ask('GET', '/api/v1/session').json['user']['id']
    assert made['made_by'] == {'id': user, 'name': 'Eve'}, made
    for role in 'provider', 'admin':
        assert alto.api('PATCH', f'/api/v1/users/{user}', {'role': role})[0] == 200
        for asker, maker in (browsers['admin'], None), (browsers['auditor'], None), (browsers['provider'], made['made_by']):
            answer = asker.ask('GET', '/api/v1/tokens?tenant=acme')
            [token] = [t for t in answer.json['items'] if t['id'] == made['id']]
            assert token['made_by'] == maker and (maker or user not in answer.text), (role, token)
            assert token['suspended'] == (role == 'admin'), token  # of beta: nothing of acme is for them


company, admin, tls = free_port(), free_port(), free_port()
with Alto({'sip_tls': [f'127.0.0.1:{tls}'], 'https': [f'127.0.0.1:{company}'],
           'admin': [f'127.0.0.1:{admin}']}) as alto:
    alto.tls_port = tls
    acme, beta = Company(alto, 'acme', 1), Company(alto, 'beta', 2)
    alto.command('user', 'password', 'acme', 'bruno', '--password', 'correct horse')
    browsers = {'nobody': Browser(company), 'user': Browser(company)}
    assert browsers['user'].login('bruno@acme.example', 'correct horse').status == 200
    for role in ROLES[2:]:
        of_company = [] if role == 'provider' else ['--tenant', 'acme']
        token = alto.command('token', 'add', role, '--role', role, *of_company).strip()
        browsers[role] = Browser(admin if role == 'provider' else company, token)
    for company_of in acme, beta:
        for what in 'device', 'number', 'trunk':
            company_of.fresh(what)
    alto.api('POST', '/api/v1/trunks', {'name': 'shared', 'host': '203.0.113.1'})
    test_every_cell(browsers, acme, beta)
    test_nothing_is_left_out(alto)
    test_accounts_above(alto, browsers, acme)
    test_lines(alto, browsers, acme)
    test_makers_are_hidden(alto, admin, acme, browsers)
    test_tokens(alto, company, admin, acme, beta)
