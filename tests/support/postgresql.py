#!/usr/bin/python3
"""A PostgreSQL server of a test's own: in a temporary directory, on a unix socket in it, gone when the test is.

As a program it keeps the server for whoever holds its standard input: it prints `ready URL`, then obeys a line each,
`stop`, `kill` (-m immediate), `start`, and prints `done`. When its input ends it takes everything down; it is started
in a session of its own, so that what ends the test does not end it first. As a module: `with Postgresql() as pg`.

The server does not run as root: started by root, it runs as the user of the package.
"""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

BIN = pathlib.Path('/usr/lib/postgresql/15/bin')  # Debian 12's package
USER = 'postgres'
QUERY_PATIENCE_S = 60  # what a test asks takes milliseconds; a lock that nobody gives back would last for ever


class Keeper:
    def __init__(self):
        # Not below a directory that only its owner may pass: TMPDIR may be one.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='alto-pg-', dir='/tmp'))
        self.who = {}
        if os.getuid() == 0:
            entry = pwd.getpwnam(USER)
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
            self.who = {'user': entry.pw_uid, 'group': entry.pw_gid, 'extra_groups': []}
        self.url = f'postgresql://alto@/postgres?host={self.directory}'

    def run(self, program, *args):
        # Neither sanitizers nor locale of the test are the server's business.
        done = subprocess.run([BIN / program, *args], cwd=self.directory, env={'LC_ALL': 'C.UTF-8', 'PATH': '/usr/bin:/bin'},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              **self.who)
        if done.returncode:
            raise RuntimeError(f'{program} {" ".join(map(str, args))}: {done.stdout}')

    def control(self, *args):
        self.run('pg_ctl', '-D', self.directory / 'data', '-l', self.directory / 'log', '-t', '120', '-w', *args)

    def create(self):
        # What initdb writes needs no fsync; what the server writes afterwards has it, as by default.
        self.run('initdb', '-D', self.directory / 'data', '-U', 'alto', '-A', 'trust', '-E', 'UTF8', '--no-sync',
                 '--no-instructions')
        with open(self.directory / 'data' / 'postgresql.conf', 'a') as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.directory}'\n"
                       'shared_buffers = 16MB\nmax_connections = 20\n')
        self.start()

    def start(self):
        self.control('start')

    def stop(self):
        self.control('stop', '-m', 'fast')

    def kill(self):
        self.control('stop', '-m', 'immediate')

    def destroy(self):
        if (self.directory / 'data' / 'postmaster.pid').exists():
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def keep():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    keeper = Keeper()
    try:
        keeper.create()
        print('ready', keeper.url, flush=True)
        for line in sys.stdin:
            {'start': keeper.start, 'stop': keeper.stop, 'kill': keeper.kill}[line.strip()]()
            print('done', flush=True)
    finally:
        keeper.destroy()


class Postgresql:
    def __enter__(self):
        self.keeper = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True, start_new_session=True)
        word, _, self.url = self.keeper.stdout.readline().strip().partition(' ')
        assert word == 'ready', 'the server did not start'
        return self

    def _ask(self, word):
        print(word, file=self.keeper.stdin, flush=True)
        assert self.keeper.stdout.readline().strip() == 'done', word

    def start(self):
        self._ask('start')

    def stop(self):
        self._ask('stop')

    def kill(self):
        """As by a crash: no checkpoint, nobody is told."""
        self._ask('kill')

    def query(self, sql):
        """What psql prints of it, unaligned."""
        done = subprocess.run([BIN / 'psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql, self.url],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=QUERY_PATIENCE_S)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def __exit__(self, *_):
        self.keeper.stdin.close()
        self.keeper.wait()


if __name__ == '__main__':
    keep()
