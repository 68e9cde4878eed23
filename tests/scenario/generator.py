"""The bench's generators, and accounts for their phones."""
import json
import pathlib
import subprocess

from server import ALTO, PATIENCE

BENCH = pathlib.Path(ALTO).parent / 'bench'
PASSWORD = 'generator-secret'


def account(alto, number, srtp='off'):
    """A user of the tenant acme with one phone; its extension is the number."""
    alto.api('POST', '/api/v1/users', {'tenant': 'acme', 'login': f'u{number}', 'extension': str(number), 'name': 'Generator'})
    status, _ = alto.api('POST', '/api/v1/devices', {'tenant': 'acme', 'user': f'u{number}', 'name': 'phone',
                                                     'username': f'u{number}', 'password': PASSWORD, 'srtp': srtp})
    assert status == 201, status


class Generator:
    """One of them; it ends by itself."""

    def __init__(self, program, *options):
        self.process = subprocess.Popen(['timeout', str(2 * PATIENCE), BENCH / f'bench_{program}', *options],
                                        stdout=subprocess.PIPE, text=True)

    def wait_for(self, word):
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f'the generator ended ({self.process.wait()}) before it said {word!r}')

    def result(self):
        lines = [line for line in self.process.stdout if line.startswith('{')]
        assert self.process.wait() == 0 and lines, self.process.returncode
        return json.loads(lines[-1])


def phones(program, server, first, *options):
    """One whose phones have the accounts from that number on."""
    return Generator(program, '--server', server, '--domain', 'acme.example', '--username-prefix', 'u', '--password', PASSWORD,
                     '--first-extension', str(first), *options)
