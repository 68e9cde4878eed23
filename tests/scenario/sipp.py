"""SIPp as phones over UDP and TCP: registers with digest, answers, calls."""
import os
import pathlib
import subprocess
import time

from server import PATIENCE

HERE = pathlib.Path(__file__).resolve().parent


class Sipp:
    """One SIPp process with a scenario of tests/scenario/sipp/; accounts go into its -inf file, one a line.

    status: what `refuse` answers with."""

    def __init__(self, directory, scenario, server, port, accounts=None, calls=1, rate=10, transport='u1', service=None,
                 host='127.0.0.1', arguments=(), status=None):
        self.directory = pathlib.Path(directory)
        self.name, self.port = f'{scenario}-{port}', port
        path = HERE / 'sipp' / f'{scenario}.xml'
        if status:  # SIPp wants it as a number in the scenario itself
            text = path.read_text().replace('[status]', str(status))
            path = self.directory / f'{self.name}.xml'
            path.write_text(text)
        command = ['sipp', server, '-sf', str(path), '-i', host, '-p', str(port),
                   '-mi', host, '-m', str(calls), '-r', str(rate), '-t', transport, '-nostdin', '-trace_err',
                   '-timeout', f'{PATIENCE}s', '-timeout_error', '-trace_screen']
        if service:
            command += ['-s', service]
        if accounts:
            path = self.directory / f'{self.name}.csv'
            path.write_text('SEQUENTIAL\n' + ''.join(
                f'{extension};{user};[authentication username={user} password={password}]\n'
                for extension, (user, password) in accounts))
            command += ['-inf', str(path)]
        self.command = command + list(arguments)

    def start(self):
        self.log = open(self.directory / f'{self.name}.out', 'w+')
        self.process = subprocess.Popen(self.command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT, env=dict(os.environ, TERM='dumb'))
        return self

    def listening(self):
        """Waits until it takes connections (TCP); over UDP who calls it repeats itself."""
        end = f':{self.port:04X} 00000000:0000 0A '
        patience = time.monotonic() + PATIENCE
        while end not in pathlib.Path('/proc/net/tcp').read_text():
            assert self.process.poll() is None and time.monotonic() < patience, f'sipp {self.name} does not listen'
            time.sleep(0.01)

    def finish(self):
        """Waits for its end; every call must have succeeded."""
        status = self.process.wait(PATIENCE * 4)
        if status != 0:
            errors = '\n'.join(p.read_text(errors='replace')[-3000:] for p in self.directory.glob(f'*_errors.log'))
            self.log.seek(0)
            raise AssertionError(f'sipp {self.name} ended with {status}\n{errors}\n{self.log.read()[-2000:]}')

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.end()
