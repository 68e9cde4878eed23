"""The real program, started on loopback in a directory of its own."""
import functools
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ALTO = os.environ.get('ALTO', 'build/alto')
PATIENCE = 30  # seconds: ends what hangs on a busy machine, and judges nothing


_taken = []


def take(what):
    """False: another test has it, or this one. A name in the kernel's table, which ends with the process and is one a
    network, as ports are."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f'\0alto-test-{what}')
    except OSError:
        mark.close()
        return False
    _taken.append(mark)
    return True


def free_port():
    """A port that is free in UDP and TCP on every address, below those that the kernel gives to outgoing connections."""
    for port in random.sample(range(10000, 20000), 10000):
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET6, kind) as s:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                    s.bind(('::', port))
        except OSError:
            continue
        if take(f'port-{port}'):
            return port
    raise AssertionError('no free port between 10000 and 20000')


@functools.cache
def media_ports():
    """The first of a thousand for voice, of this test alone: free_port() keeps below, the kernel's own choice above."""
    return next(low for low in range(20000, 32000, 1000) if take(f'media-{low}'))


def wait_until(look, what):
    """What `look` sees, once it is something: it looks again and again, and not for ever."""
    until = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < until, f'not within {PATIENCE} s: {what}'
    return seen


class Lines:
    """What a process writes, line by line, so that a test can wait for a line."""

    def __init__(self, stream):
        self.all, self.ended = [], False
        self.news = threading.Condition()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            with self.news:
                self.all.append(line.rstrip('\n'))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def wait_for(self, text, patience=PATIENCE, start=0):
        def found():
            return next((line for line in self.all[start:] if text in line), None)

        with self.news:
            self.news.wait_for(lambda: found() or self.ended, patience)
            line = found()
        if line is None:
            raise AssertionError(f'no line with {text!r} in:\n' + '\n'.join(self.all[-40:]))
        return line


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('alto', timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


def spoken(row):
    """The call is over, and both voices have their last figures, which come a moment after its end."""
    return row['ended'] and all(row[side][way] for side in ('caller', 'callee') for way in ('packets_in', 'packets_out'))


class Alto:
    """`with Alto(listen={'sip_tls': [...]}) as alto:` starts it, waits until it is ready, and stops it at the end."""

    def __init__(self, listen=None, plain_rtp=False, workers=1, extra='', directory=None, ports=1000, under=()):
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix='alto-'))
        self.owned = directory is None
        self.data = self.directory / 'data'
        self.tls_port = free_port()
        listen = {'sip_tls': [], **listen} if listen else {'sip_tls': [f'127.0.0.1:{self.tls_port}']}
        self.listen = {'https': [], 'admin': [], **listen}
        self.config = self.directory / 'alto.yaml'
        low = media_ports()
        self.media = range(low, low + 1000)
        self.config.write_text(
            f'node: test\ndata: {self.data}\nlisten: {json.dumps(self.listen)}\n'
            f'media: {{ports: {low}-{low + ports - 1}, workers: {workers}, plain_rtp: {str(plain_rtp).lower()}}}\n{extra}')
        self.process = self.last_id = None
        self.environment = {}  # beside the test's own
        self.under = list(under)  # a command that runs it

    def start(self, *args):
        self.process = subprocess.Popen([*self.under, ALTO, 'serve', '--config', str(self.config), *args], text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env={**os.environ, **self.environment})
        self.log = Lines(self.process.stderr)
        self.log.wait_for('serve.ready')
        return self

    def stop(self, with_signal=signal.SIGINT):
        """An orderly end; the exit status, which must be 0."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(with_signal)
        if self.process:
            status = self.process.wait(PATIENCE)
            assert status == 0, f'alto ended with {status}:\n' + '\n'.join(self.log.all[-40:])

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
            elif self.process and self.process.poll() is None:
                self.kill()
            if kind is not None:
                print('--- alto wrote:\n' + '\n'.join(self.log.all[-60:]))
        finally:
            if self.owned:
                shutil.rmtree(self.directory, ignore_errors=True)

    def command(self, *args, status=0):
        """A subcommand of the program; its standard output."""
        done = subprocess.run([ALTO, *args, '--data', str(self.data)], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE)
        assert done.returncode == status, f'alto {" ".join(args)}: {done.returncode}\n{done.stdout}{done.stderr}'
        return done.stdout if status == 0 else done.stderr

    def listing(self, *args):
        return json.loads(self.command(*args, '--json'))['items']

    def last_call(self, over=lambda row: row['ended']):
        """The newest row of the history, one not asked for before, once it is over; rows follow an end within 50 ms."""
        until, rows = time.monotonic() + PATIENCE, []
        while time.monotonic() < until:
            rows = self.api('GET', '/api/v1/calls?limit=1')[1]['items']
            if rows and rows[0]['id'] != self.last_id and over(rows[0]):
                self.last_id = rows[0]['id']
                return rows[0]
        raise AssertionError(f'no call has ended since {self.last_id}; the history ends with {rows}')

    def last_calls(self, count, over=lambda row: row['ended']):
        """The newest so many rows of the history, none of them asked for before, once each call is over."""
        until, rows = time.monotonic() + PATIENCE, []
        while time.monotonic() < until:
            rows = self.api('GET', f'/api/v1/calls?limit={count}')[1]['items']
            if len(rows) == count and self.last_id not in [row['id'] for row in rows] and all(map(over, rows)):
                self.last_id = rows[0]['id']
                return rows
        raise AssertionError(f'not {count} calls have ended: {rows}')

    def api(self, method, path, body=None):
        connection = UnixConnection(str(self.data / 'alto.sock'))
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {'Content-Type': 'application/json'} if body is not None else {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        kind = answer.getheader('Content-Type') or ''
        return answer.status, json.loads(text) if 'json' in kind and text else text.decode()

    def company(self, name='acme', domain='acme.example', people=('101', '102'), devices=('desk',), srtp='sdes'):
        """A tenant with one person an extension; {extension: {device: (user name, password)}}."""
        self.command('tenant', 'add', name, '--domain', domain)
        return self.people(name, people, devices, srtp)

    def people(self, name, people, devices=('desk',), srtp='sdes'):
        """More of them in a company, as company() gives them."""
        accounts = {}
        for extension in people:
            self.command('user', 'add', name, f'p{extension}', '--extension', extension, '--name', f'Person {extension}')
            accounts[extension] = {}
            for device in devices:
                account = f'{name}-{extension}-{device}', f'secret-of-{extension}-{device}'
                self.command('device', 'add', name, f'p{extension}', device, '--username', account[0], '--password',
                             account[1], '--srtp', srtp)
                accounts[extension][device] = account
        return accounts
