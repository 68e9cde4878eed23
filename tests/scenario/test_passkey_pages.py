"""Passkeys in a real browser, over a host name: made, used, renamed, removed; a copy of one is refused.

The steps in the browser are console/tests/browser/passkeys.ts; it asks here for what happens beside it."""
import pathlib
import tempfile

from pair import believed, make_authority, make_signed
from server import Alto, free_port
from walk import walk

PASSWORD = 'correct horse battery'


with tempfile.TemporaryDirectory(prefix='alto-') as scratch:
    directory = pathlib.Path(scratch)
    authority, https = make_authority(directory, 'authority'), free_port()
    certificate, key = make_signed(directory, 'host', 'DNS:alto.example', authority)
    with Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}']}, directory=directory,
              extra=f'tls: {{certificate: {certificate}, key: {key}}}\n') as alto:
        alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
        alto.command('user', 'add', 'acme', 'dora', '--extension', '104', '--name', 'Dora', '--password', PASSWORD)
        walk('passkeys', {**believed(directory, authority), 'ALTO_COMPANY': f'https://alto.example:{https}', 'ALTO_PASSWORD': PASSWORD}, {
            'new password': lambda: alto.command('user', 'password', 'acme', 'dora', '--password', PASSWORD),
        })
