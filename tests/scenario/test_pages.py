"""The console in a real browser: people log in, look after their company, and see calls as they happen.

The steps in the browser are console/tests/browser/walk.ts; it asks here, a line each, for what happens beside the
browser: a call begins, a call ends, the server is started again."""
import os
import pathlib
import subprocess

from server import ALTO, Alto, free_port
from talk import call, two_phones

PASSWORD, SIP_PASSWORD = 'correct horse battery', 'secret-Xylophone-77'
SOURCE = pathlib.Path(os.environ['ALTO_SOURCE'])


def company(alto):
    """A company with two phones, an administrator, and somebody whom nobody has given a phone yet."""
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example', '--lines', '8')
    accounts = {}
    for extension, login, name in (('101', 'anna', 'Anna Nowak'), ('102', 'bruno', 'Bruno Lefèvre')):
        alto.command('user', 'add', 'acme', login, '--extension', extension, '--name', name)
        username = f'{login}-desk'
        alto.command('device', 'add', 'acme', login, 'desk', '--username', username, '--password',
                     SIP_PASSWORD)
        accounts[extension] = {'desk': (username, SIP_PASSWORD)}
    alto.command('user', 'add', 'acme', 'carla', '--extension', '103', '--name', 'Carla Jansen')
    alto.command('number', 'add', 'acme', '+33140000101', '--user', 'anna')
    alto.command('user', 'add', 'acme', 'dora', '--extension', '104', '--name', 'Dora Óskarsdóttir', '--role', 'admin',
                 '--password', PASSWORD)
    alto.command('user', 'add', 'acme', 'paul', '--extension', '105', '--name', 'Paul Provider', '--role', 'provider',
                 '--password', PASSWORD)
    return accounts


def walk(alto, accounts, https, admin):
    with two_phones(alto, accounts) as (anna, bruno):
        browser = subprocess.Popen([SOURCE / 'scripts' / 'console', 'node', 'tests/browser/walk.ts'], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={
                                       **os.environ, 'ALTO_COMPANY': f'https://localhost:{https}',
                                       'ALTO_PROVIDER': f'https://localhost:{admin}', 'ALTO_PASSWORD': PASSWORD,
                                       'ALTO_SCREENSHOTS': str(pathlib.Path(ALTO).absolute().parent / 'pictures')})
        wishes = {
            'call': lambda: call(anna, bruno),
            'hang up': lambda: (anna.command('hangup'), bruno.wait_for('CALL_CLOSED')),
            'stop': alto.stop,
            'start': alto.start,
        }
        for line in browser.stdout:
            kind, _, wish = line.strip().partition(': ')
            if kind != 'want':
                print(line, end='')
                continue
            wishes[wish]()
            browser.stdin.write('done\n')
            browser.stdin.flush()
        assert browser.wait() == 0, browser.returncode


https_port, admin_port = free_port(), free_port()
sip_tls = free_port()
listen = {'sip_tls': [f'127.0.0.1:{sip_tls}'], 'https': [f'127.0.0.1:{https_port}'], 'admin': [f'127.0.0.1:{admin_port}']}
with Alto(listen) as server:
    server.tls_port = sip_tls
    walk(server, company(server), https_port, admin_port)
