"""Live events: each sees its own company's, from its own pages alone, and hears the end of its right at once."""
import socket

from browser import Browser, Events
from server import Alto, free_port
from softphone import Softphone
from talk import call, two_phones

PASSWORD = 'correct horse'


def test_who_may_listen(company, admin, boss):
    for browser, path, origin, status in ((Browser(company), '/api/v1/events', 'own', 401),
                                          (boss, '/api/v1/events', 'https://evil.example', 403),
                                          (boss, '/api/v1/events', 'null', 403),
                                          (boss, '/api/v1/events', None, 403),
                                          (boss, '/api/v1/users', 'own', 404),
                                          (boss, '/', 'own', 404),
                                          (Browser(company, 'wrong'), '/api/v1/events', None, 401)):
        refused = Events(browser, path, origin)
        assert refused.status == status, (path, origin, refused.status, refused.body)
        refused.close()
    # A company's cookie is nothing at the provider's address.
    smuggled = Browser(admin)
    smuggled.cookies = {'__Host-alto-admin': boss.cookies['__Host-alto']}
    assert Events(smuggled).status == 401
    assert boss.ask('GET', '/api/v1/events').status == 400


def test_what_is_told(alto, boss, provider):
    at_acme, everywhere = Events(boss), Events(provider, origin=None)
    assert at_acme.status == everywhere.status == 101
    hello = at_acme.next()
    assert hello['kind'] == 'hello', hello
    assert everywhere.next()['kind'] == 'hello'
    alto.command('user', 'add', 'beta', 'berta', '--extension', '300', '--name', 'Berta')
    alto.command('user', 'add', 'acme', 'dora', '--extension', '300', '--name', 'Dora')
    told, before = at_acme.wait_for(kind='user', action='changed')
    [row] = [u for u in alto.listing('user', 'list', 'acme') if u['login'] == 'dora']
    assert not before and (told['id'], told['tenant']) == (row['id'], 'acme'), (told, before)
    first, before = everywhere.wait_for(kind='user', tenant='beta')
    second, _ = everywhere.wait_for(kind='user', tenant='acme')
    assert not before and second['seq'] > first['seq']
    alto.command('user', 'remove', 'acme', 'dora')
    told, before = at_acme.wait_for(kind='user', action='removed')
    # That each is a row of the audit trail is told too: of what goes, before it has gone.
    assert [event['kind'] for event in before] == ['audit', 'audit'] and told['id'] == row['id'], (told, before)
    # Who was away is told so, and only then.
    caught_up = Events(boss, f'/api/v1/events?after={told["seq"]}')
    assert caught_up.next() == {'seq': told['seq'], 'kind': 'hello'}
    late = Events(boss, f'/api/v1/events?after={hello["seq"]}')
    assert [late.next()['kind'], late.next()['kind']] == ['hello', 'resync']
    alto.command('user', 'add', 'acme', 'emma', '--extension', '301', '--name', 'Emma')
    assert caught_up.next()['kind'] == 'user'
    for events in at_acme, everywhere, caught_up, late:
        events.close()


def test_who_went_away_meanwhile(alto, accounts, boss):
    """That a phone has gone is in no row: who was not there to hear of it is told to read anew."""
    [person] = [u['id'] for u in alto.listing('user', 'list', 'acme') if u['login'] == 'p101']
    events = Events(boss)
    phone = Softphone(accounts['101']['desk'], '101', ('127.0.0.1', alto.tls_port), 'tls').register()
    binding, _ = events.wait_for(kind='binding', action='changed')
    reached, _ = events.wait_for(kind='user', action='changed', id=person)
    assert reached['seq'] > binding['seq'], (binding, reached)
    events.close()
    hearing = Events(boss)
    newest = hearing.next()['seq']
    phone.socket.shutdown(socket.SHUT_RDWR)
    gone, _ = hearing.wait_for(kind='user', action='changed', id=person)
    assert gone['seq'] > newest >= reached['seq'], (reached, newest, gone)
    hearing.close()
    back = Events(boss, f'/api/v1/events?after={newest}')
    assert [back.next()['kind'], back.next()['kind']] == ['hello', 'resync']
    back.close()


def test_numbers_are_a_companys_own(alto, boss, stranger):
    """What happens elsewhere moves them not, and nobody who comes back is told to read anew for it."""
    of_stranger = Events(stranger)
    hello = of_stranger.next()
    of_boss = Events(boss)
    before = of_boss.next()['seq']
    for extension, login in ('310', 'fred'), ('311', 'gina'):
        alto.command('user', 'add', 'acme', login, '--extension', extension, '--name', login.title())
        told, _ = of_boss.wait_for(kind='user')
        assert told['seq'] == before + 1, told
        told, _ = of_boss.wait_for(kind='audit')
        assert told['seq'] == (before := before + 2), told
    back = Events(stranger, f'/api/v1/events?after={hello["seq"]}')
    assert back.next() == hello, hello
    alto.command('user', 'add', 'beta', 'boris', '--extension', '302', '--name', 'Boris')
    for events in of_stranger, back:
        told, unasked = events.wait_for(kind='user')
        assert told['seq'] == hello['seq'] + 1 and not unasked, (told, unasked)
    of_boss.close()
    # A restart may have missed something: it never comes back to a number that was.
    alto.stop()
    alto.start()
    for browser in boss, stranger:
        browser.close()
    back = Events(stranger, f'/api/v1/events?after={told["seq"]}')
    assert back.next()['seq'] > told['seq'] and back.next()['kind'] == 'resync'
    back.close()


def test_calls(alto, accounts, boss, anna, stranger):
    of_boss, of_anna, of_stranger = Events(boss), Events(anna), Events(stranger)
    for events in of_boss, of_anna, of_stranger:
        assert events.next()['kind'] == 'hello'
    with two_phones(alto, accounts) as (first, second):
        told, _ = of_boss.wait_for(kind='binding', action='changed')
        assert told['id'] and of_anna.wait_for(kind='binding')[0]['id'], 'her own phone has registered'
        call(first, second)
        for events in of_boss, of_anna:
            answered, _ = events.wait_for(kind='call', action='answered')
            assert answered['id'], answered
        second.command('hangup')
        ended, _ = of_boss.wait_for(kind='call', action='ended')
        assert ended['id'] == answered['id'], (ended, answered)
        told, _ = of_anna.wait_for(kind='call', action='ended')
        assert told['id'] is None, told
    # Nobody of another company has heard any of it: the next that they hear is their own.
    alto.command('user', 'add', 'beta', 'bodo', '--extension', '301', '--name', 'Bodo')
    _, before = of_stranger.wait_for(kind='user')
    assert not before, before


def test_the_audit_trail(alto, company, boss, anna, stranger):
    """A log-in that failed changes nothing but the trail: who may read it hears of it, and nobody else."""
    of_boss, of_anna, of_stranger = Events(boss), Events(anna), Events(stranger)
    for events in of_boss, of_anna, of_stranger:
        assert events.next()['kind'] == 'hello'
    assert Browser(company).login('p102@acme.example', 'not this one').status == 401
    told, before = of_boss.wait_for(kind='audit')
    assert not before and (told['tenant'], told['action']) == ('acme', 'changed'), (told, before)
    assert boss.ask('GET', '/api/v1/audit?tenant=acme&limit=1').json['items'][0]['id'] == told['id']
    for tenant, login, events in ('acme', 'newcomer', of_anna), ('beta', 'bea', of_stranger):
        alto.command('user', 'add', tenant, login, '--extension', '333', '--name', login)
        _, before = events.wait_for(kind='user')
        assert not before, before
    for events in of_boss, of_anna, of_stranger:
        events.close()


def test_the_end_of_a_right(alto, company, boss):
    for end in ('logout', 'password', 'removal'):
        alto.command('user', 'add', 'acme', f'leaving-{end}', '--extension', '4' + str(len(end)) + '0', '--name', 'L',
                     '--password', PASSWORD)
        browser = Browser(company)
        assert browser.login(f'leaving-{end}@acme.example', PASSWORD).status == 200
        events = Events(browser)
        assert events.next()['kind'] == 'hello'
        if end == 'logout':
            assert browser.ask('DELETE', '/api/v1/session').status == 204
        elif end == 'password':
            alto.command('user', 'password', 'acme', f'leaving-{end}', '--password', 'battery staple')
        else:
            alto.command('user', 'remove', 'acme', f'leaving-{end}')
        assert events.next() is None, end


def test_who_does_not_read(alto, boss):
    """A page that does not keep up is dropped; the others go on, and it learns that it has missed something."""
    deaf, hearing = Events(boss, room=4096), Events(boss)
    hello = deaf.next()
    assert hello['kind'] == hearing.next()['kind'] == 'hello'
    [tenant] = [t['id'] for t in alto.listing('tenant', 'list') if t['name'] == 'acme']
    for count in range(4000):
        assert alto.api('PATCH', f'/api/v1/tenants/{tenant}', {'lines': count + 1})[0] == 200
        hearing.wait_for(kind='tenant')
        if count % 50 == 0 and 'alto_web_streams_dropped_total 1\n' in alto.api('GET', '/metrics')[1]:
            break
    else:
        raise AssertionError('nobody was dropped')
    seen = 0
    while deaf.next() is not None:
        seen += 1
    assert 0 < seen < count, (seen, count)
    hearing.close()


company, admin, tls = free_port(), free_port(), free_port()
with Alto({'sip_tls': [f'127.0.0.1:{tls}'], 'https': [f'127.0.0.1:{company}'],
           'admin': [f'127.0.0.1:{admin}']}) as alto:
    alto.tls_port = tls
    accounts = alto.company()
    alto.command('tenant', 'add', 'beta', '--domain', 'beta.example')
    for tenant, login, role in ('acme', 'boss', 'admin'), ('beta', 'stranger', 'admin'):
        alto.command('user', 'add', tenant, login, '--extension', '200', '--name', login, '--role', role, '--password',
                     PASSWORD)
    alto.command('user', 'password', 'acme', 'p101', '--password', PASSWORD)
    boss, anna, stranger = Browser(company), Browser(company), Browser(company)
    assert boss.login('boss@acme.example', PASSWORD).status == 200
    assert anna.login('p101@acme.example', PASSWORD).status == 200
    assert stranger.login('stranger@beta.example', PASSWORD).status == 200
    provider = Browser(admin, alto.command('token', 'add', 'provider').strip())
    test_who_may_listen(company, admin, boss)
    test_what_is_told(alto, boss, provider)
    test_calls(alto, accounts, boss, anna, stranger)
    test_the_audit_trail(alto, company, boss, anna, stranger)
    test_who_went_away_meanwhile(alto, accounts, boss)
    test_the_end_of_a_right(alto, company, boss)
    test_numbers_are_a_companys_own(alto, boss, stranger)
    test_who_does_not_read(alto, boss)
    alto.stop()
