"""What `make run` starts: a demo company on TLS only, its accounts on the screen, kept over a second start; Ctrl-C ends it cleanly."""
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

from browser import Browser
from phone import Phone
from server import ALTO, PATIENCE, Lines

AWAY = '198.51.100.20'


def in_a_world_of_its_own():
    """Run again where this machine has an address beside its own, by which others reach it."""
    if os.environ.get('ALTO_NAMESPACE'):
        return
    os.environ['ALTO_NAMESPACE'] = 'yes'
    script = (f'ip link set lo up && ip link add office type veth peer name wall && ip link set wall up && '
              f'ip addr add {AWAY}/24 dev office && ip link set office up && exec "$@"')
    os.execvp('unshare', ['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', script, 'sh', sys.executable, *sys.argv])


def start(directory):
    process = subprocess.Popen([os.path.abspath(ALTO), 'serve', '--demo'], cwd=directory, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    screen = Lines(process.stdout)
    screen.wait_for('Ctrl-C stops Alto')
    return process, screen


def accounts_on(screen):
    """{(extension, device): (user name, password)} as a person would copy them."""
    rows = [line.split() for line in screen.all if ' desk ' in line or ' mobile ' in line]
    return {(r[-4], r[-3]): (r[-2], r[-1]) for r in rows if len(r) >= 5 and r[-4].isdigit()}


def run_what_is_shown(screen, directory):
    """The commands under "See it", as printed, where they were printed; {last word: standard output}."""
    shown = [shlex.split(line) for line in screen.all if ' --data ' in line]
    assert [words[-1] for words in shown] == ['calls', 'status'], shown
    return {words[-1]: alto(*words[1:], cwd=directory) for words in shown}


def alto(*args, cwd, status=0):
    done = subprocess.run([os.path.abspath(ALTO), *args], cwd=cwd, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE)
    assert done.returncode == status, f'alto {" ".join(args)}: {done.returncode}\n{done.stdout}{done.stderr}'
    return done.stdout if status == 0 else done.stderr


def end(process, screen):
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0, '\n'.join(screen.all[-20:])


in_a_world_of_its_own()
with tempfile.TemporaryDirectory(prefix='alto-') as directory:
    for ask in ('version', '--version'):
        assert alto(ask, cwd=directory).startswith('alto ') and alto(ask, cwd=directory).count('\n') == 1
    assert 'version' in alto('-h', cwd=directory) and 'serve' in alto('serve', '-h', cwd=directory)
    assert '--data DIR' in alto('serve', '--demo', cwd=directory, status=1)  # there is no build/ yet
    (pathlib.Path(directory) / 'file').touch()
    assert 'file is not a directory' in alto('serve', '--demo', '--data', 'file', cwd=directory, status=1)
    assert '--data wants' in alto('serve', '--data', '', cwd=directory, status=2)
    (pathlib.Path(directory) / 'build').mkdir()
    process, screen = start(directory)
    accounts = accounts_on(screen)
    print('\n'.join(screen.all))
    assert len(accounts) == 6 and sorted({e for e, _ in accounts}) == ['101', '102', '103'], accounts
    assert any('SHA-256' in line for line in screen.all)
    consoles = re.findall(r'https:\S+', '\n'.join(screen.all))
    assert consoles == ['https://localhost:8443/', f'https://{AWAY}:8443/', 'https://localhost:8444/'], consoles
    assert any('press advanced, then proceed' in line.lower() for line in screen.all), 'what to press is not said'
    data = pathlib.Path(directory) / 'build' / 'demo'
    for path in (data, data / 'accounts.txt', data / 'alto.sock', data / 'tls' / 'self-signed.key'):
        assert path.stat().st_mode & 0o077 == 0, f'{path} can be read by others'
    listening = subprocess.run(['ss', '-Hlntup'], text=True, capture_output=True).stdout
    ours = [line for line in listening.split('\n') if f'pid={process.pid},' in line]
    ports = {line.split()[4].rsplit(':', 1)[1] for line in ours if not 16384 <= int(line.split()[4].rsplit(':', 1)[1]) <= 32767}
    assert ports == {'5061', '8443', '8444'}, ours
    logins = [line.split()[-3:] for line in screen.all if '@demo.alto.example' in line]
    assert [role for role, _, _ in logins] == ['admin', 'supervisor', 'user', 'auditor', 'provider'], logins
    for role, login, password in logins:
        browser = Browser(8444 if role == 'provider' else 8443)
        assert browser.login(login, password).json['user']['role'] == role
        [company] = browser.ask('GET', '/api/v1/tenants').json['items']
        assert (company['lines'], company['lines_bought']) == (4, 4), company
    seen = run_what_is_shown(screen, directory)
    assert seen['calls'] == 'No call yet.\n', seen
    assert seen['status'].startswith('demo: Alto ') and 'TLS' in seen['status'] and '5061' in seen['status'], seen
    end(process, screen)

    process, screen = start(directory)
    assert accounts_on(screen) == accounts
    with Phone(directory, 'phone', accounts['101', 'desk'], 440, '127.0.0.1:5061', data / 'tls' / 'self-signed.crt',
               extension='101', domain='demo.alto.example') as phone:
        phone.registered()
    end(process, screen)
