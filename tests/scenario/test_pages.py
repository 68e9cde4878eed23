"""The console in a real browser, a walk each time: people look after their company, see calls as they happen, and so on.

    test_pages.py company | calls | provider | looks | shared | large

The steps in the browser are console/tests/browser/<walk>.ts; it asks here, a line each, for what happens beside the
browser: a call begins, a call ends, the server is started again."""
import contextlib
import subprocess
import sys
import tempfile

from pair import believed, make_authority, make_signed
from server import PATIENCE, Alto, free_port
from talk import call, two_phones
from walk import walk

PASSWORD, SIP_PASSWORD = 'correct horse battery', 'secret-Xylophone-77'


def company(alto):
    """A company with two phones, an administrator, and somebody whom nobody has given a phone yet."""
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example', '--lines', '8')
    accounts = {}
    for extension, login, name in (('101', 'anna', 'Anna Nowak'), ('102', 'bruno', 'Bruno Lefèvre')):
        alto.command('user', 'add', 'acme', login, '--extension', extension, '--name', name, '--password', PASSWORD)
        username = f'{login}-desk'
        alto.command('device', 'add', 'acme', login, 'desk', '--username', username, '--password',
                     SIP_PASSWORD)
        accounts[extension] = {'desk': (username, SIP_PASSWORD)}
    alto.command('user', 'add', 'acme', 'carla', '--extension', '103', '--name', 'Carla Jansen')
    alto.command('number', 'add', 'acme', '+33140000101', '--user', 'anna')
    alto.command('user', 'add', 'acme', 'dora', '--extension', '104', '--name', 'Dora Óskarsdóttir', '--role', 'admin',
                 '--password', PASSWORD)
    alto.command('user', 'add', 'acme', 'olga', '--extension', '107', '--name', 'Olga Auditor', '--role', 'auditor',
                 '--password', PASSWORD)
    alto.command('user', 'add', 'acme', 'paul', '--extension', '105', '--name', 'Paul Provider', '--role', 'provider',
                 '--password', PASSWORD)
    return accounts


def scan(alto):
    """Until it is banned, or the scanner has given up."""
    with tempfile.TemporaryDirectory() as home:
        cracker = subprocess.Popen(['svcrack', '-t', '0.05', '-p', str(ports['sip_udp']), '-u', 'anna-desk', '-r', '1000-1050',
                                    '127.0.0.1'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL,
                                   env={'HOME': home, 'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8'})
        while not alto.listing('bans') and cracker.poll() is None:
            pass
        cracker.terminate()
        cracker.wait(PATIENCE)


def settings(trust):
    return {**trust, 'ALTO_COMPANY': f'https://localhost:{ports["https"]}',
            'ALTO_PROVIDER': f'https://localhost:{ports["admin"]}', 'ALTO_PASSWORD': PASSWORD}


ports = {kind: free_port() for kind in ('sip_tls', 'sip_udp', 'https', 'admin')}
server = Alto({kind: [f'127.0.0.1:{port}'] for kind, port in ports.items()})
authority = make_authority(server.directory, 'authority')
certificate, key = make_signed(server.directory, 'host', 'DNS:localhost,IP:127.0.0.1', authority)
with server.config.open('a') as config:
    config.write(f'tls: {{certificate: {certificate}, key: {key}}}\n')
with server, contextlib.ExitStack() as stack:
    server.tls_port = ports['sip_tls']
    accounts = company(server)
    # Only where they are looked at: they cost a second or two.
    called = stack.enter_context(two_phones(server, accounts, authority[0])) if sys.argv[1] == 'calls' else None
    walk(sys.argv[1], settings(believed(server.directory, authority)), {
        'call': lambda: call(*called),
        'hang up': lambda: (called[0].command('hangup'), called[1].wait_for('CALL_CLOSED')),
        'stop': server.stop,
        'start': server.start,
        'newcomer': lambda: server.command('user', 'add', 'acme', 'eva', '--extension', '106', '--name', 'Eva Newcomer'),
        'scan': lambda: scan(server),
    })
