"""A database as the first release left it, with rows in every table, on SQLite and on PostgreSQL: the program of now
takes it over and loses nothing, and people telephone on. What a newer program wrote is refused in a sentence."""
import hashlib
import pathlib
import sqlite3
import subprocess
import sys
import time

from server import ALTO, PATIENCE, Alto, free_port
from softphone import Softphone, talk

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from postgresql import Postgresql  # noqa: E402

OLDER = pathlib.Path(ALTO).parent / 'tests' / 'support' / 'older'
BEGUN_US = 1764000000 * 1000000  # when all of it was written
COMPANIES = 'acme', 'beta', 'gamma'
GCM = 'AEAD_AES_128_GCM'
GONE = '127.0.0.9:5060'  # where the phones were
PEOPLE = 40  # of each, with a phone each


def ident(kind, tenant, number=0):
    """In the order of their making, as real ones are."""
    return f'0192{kind:04x}-{tenant:04x}-7000-8000-{number:012x}'


def ha1(username):
    return hashlib.md5(f'{username}:alto:secret of {username}'.encode()).digest()


def account(tenant, number):
    username = f'phone-{tenant}-{number}'
    return username, f'secret of {username}'


def person(tenant, number):
    return f'person{number}', str(100 + number), f'Zoë {number} “of” {tenant}', 'admin' if number == 1 else 'user'


def leg(tenant, person, uri, srtp=''):
    """Columns of a side of a call: user, device, uri, transport, tls, srtp, keys in clear, codec and five figures."""
    return (ident(2, tenant, person), ident(3, tenant, person), uri, 'UDP', '', srtp, 0, 'PCMU/8000', 500, 490, 1, 2000, 30000)


def rows(listener):
    """(table, values) of each row."""
    for t, name in enumerate(COMPANIES):
        yield 'tenants', (ident(1, t), name, f'{name}.example', 5 * t, BEGUN_US)
        for n in range(1, PEOPLE + 1):
            username = account(t, n)[0]
            yield 'users', (ident(2, t, n), ident(1, t), *person(t, n), BEGUN_US)
            yield 'devices', (ident(3, t, n), ident(1, t), ident(2, t, n), 'desk', username, 0, ha1(username), 1, BEGUN_US)
            yield 'bindings', (ident(4, t, n), ident(1, t), ident(2, t, n), ident(3, t, n), '', 0, f'sip:{100 + n}@{GONE}', '',
                               f'call-{t}-{n}', 7, 0, listener, listener, GONE, 'Old phone/1.0', int(time.time() + 3600) * 1000000,
                               BEGUN_US)
            at = BEGUN_US + n * 60000000
            # The last call of each company was in progress when the old program was ended.
            ended, cause, by = (at + 30000000, 'answered', 'caller') if n < PEOPLE else (0, '', '')
            yield 'calls', (ident(5, t, n), ident(1, t), f'sip-{t}-{n}', *leg(t, n, str(100 + n)), *leg(t, 1, '101', GCM), at,
                            at + 5000000, ended, 200, cause, by, '+0.000 call\n+0.012 ring device desk')
            yield 'change', (t * 1000 + n, ident(1, t), 4, ident(5, t, n))
    yield 'heartbeat', (1, BEGUN_US + PEOPLE * 60000000 + 9000000)


class Sqlite:
    extra = ''

    def __init__(self, alto):
        alto.data.mkdir(mode=0o700)
        self.path = alto.data / 'alto.db'
        self.where = str(self.path)

    def fill(self, all_rows):
        database = sqlite3.connect(self.path)
        for table, values in all_rows:
            database.execute(f'INSERT INTO {table} VALUES ({", ".join("?" * len(values))})', values)
        database.commit()
        database.close()

    def ask(self, sql):
        database = sqlite3.connect(self.path)
        answer = [str(row[0]) for row in database.execute(sql)]
        database.commit()
        database.close()
        return answer


class OnServer:
    def __init__(self, server):
        self.server, self.where, self.extra = server, server.url, f'database: "{server.url}"\n'

    def fill(self, all_rows):
        def literal(value):
            if isinstance(value, bytes):
                return f"'\\x{value.hex()}'"
            return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
        statements = [f'INSERT INTO {table} VALUES ({", ".join(map(literal, values))})' for table, values in all_rows]
        for at in range(0, len(statements), 100):  # a command line has its end
            self.server.query(';'.join(statements[at:at + 100]))

    def ask(self, sql):
        return self.server.query(sql).split('\n')


def everything(alto, what, **query):
    """All pages of a listing."""
    items, cursor = [], ''
    while cursor is not None:
        parameters = '&'.join(f'{k}={v}' for k, v in {**query, 'limit': 50, **({'cursor': cursor} if cursor else {})}.items())
        status, page = alto.api('GET', f'/api/v1/{what}?{parameters}')
        assert status == 200, page
        items, cursor = items + page['items'], page['next']
    return items


def is_all_there(alto):
    tenants = everything(alto, 'tenants')
    assert [(t['id'], t['name'], t['domain'], t['lines'], t['lines_bought']) for t in tenants] == [
        (ident(1, t), name, f'{name}.example', 5 * t, 5 * t) for t, name in enumerate(COMPANIES)], tenants
    for t, company in enumerate(COMPANIES):
        people, devices, calls = (everything(alto, what, tenant=company) for what in ('users', 'devices', 'calls'))
        assert [(u['id'], u['login'], u['extension'], u['name'], u['role']) for u in people] == [
            (ident(2, t, n), *person(t, n)) for n in range(1, PEOPLE + 1)], people
        assert [(d['id'], d['username'], d['name'], len(d['registrations'])) for d in devices] == [
            (ident(3, t, n), account(t, n)[0], 'desk', 1) for n in range(1, PEOPLE + 1)], devices
        assert [c['id'] for c in calls] == [ident(5, t, n) for n in range(PEOPLE, 0, -1)], calls
        last, *others = calls
        assert last['cause'] == 'crashed' and last['ended'] > last['answered'], last
        for c in others:
            assert (c['cause'], c['ended_by'], c['status'], c['to']) == ('answered', 'caller', 200, '101'), c
            assert (c['caller']['packets_in'], c['callee']['srtp'], c['caller']['srtp']) == (500, GCM, None), c
            assert c['trace'][1] == '+0.012 ring device desk', c
        days = 'from=2025-11-01T00:00:00Z&to=2025-12-31T00:00:00Z'
        counted = alto.api('GET', f'/api/v1/compliance?tenant={company}&{days}')[1]['calls']['sum']
        assert (counted['calls'], counted['voice']['some']) == (PEOPLE, PEOPLE), counted


def they_telephone(alto, at):
    """With the passwords that they have."""
    with Softphone(account(0, 1), '101', at) as anna, Softphone(account(0, 2), '102', at) as bruno:
        for phone in anna, bruno:
            phone.register()
        a, b = talk(anna, bruno, '102')
        a.hang_up()
        b.ended()
        row = alto.last_call(lambda r: r['ended'] and r['tenant'] == 'acme')  # of those before, the newest is another company's
        assert (row['cause'], row['from'], row['to']) == ('answered', '101', '102'), row


def refuses_what_is_newer(alto, database):
    """And leaves it as it is."""
    database.ask("INSERT INTO migration VALUES (999, 'of tomorrow', 1)")
    before = database.ask('SELECT max(seq) FROM change'), database.ask('SELECT * FROM migration ORDER BY number')
    done = subprocess.run([ALTO, 'serve', '--config', str(alto.config)], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE)
    line = done.stderr.strip().split('\n')[-1]
    assert done.returncode == 1 and 'newer alto (schema 999, this program knows' in line, done
    assert 'start that version again, or restore a backup made before the upgrade' in line, line
    assert before == (database.ask('SELECT max(seq) FROM change'), database.ask('SELECT * FROM migration ORDER BY number'))
    print(line)


def upgrade(open_database):
    udp = free_port()
    alto = Alto(listen={'sip_udp': [f'127.0.0.1:{udp}']}, plain_rtp=True)
    database = open_database(alto)
    with alto.config.open('a') as config:
        config.write(database.extra)
    subprocess.run([OLDER, database.where, '1'], check=True, stdin=subprocess.DEVNULL)
    database.fill(rows(f'127.0.0.1:{udp}'))
    with alto:
        is_all_there(alto)
        they_telephone(alto, ('127.0.0.1', udp))
        alto.stop()
        alto.start()  # there is nothing to bring up to date any more
        assert len(everything(alto, 'calls', tenant='acme')) == PEOPLE + 1
        alto.stop()
        refuses_what_is_newer(alto, database)
        database.ask('DELETE FROM migration WHERE number = 999')
        alto.start()
    print(f'{len(COMPANIES) * PEOPLE} people and as many calls of the first release are there')


upgrade(Sqlite)
with Postgresql() as server:
    upgrade(lambda _: OnServer(server))
