"""Passkeys in a real browser, over a host name: made, used, renamed, removed; a copy of one is refused.

The steps in the browser are console/tests/browser/passkeys.ts; it asks here for what happens beside it."""
import os
import pathlib
import subprocess
import tempfile

from pair import believed, make_authority, make_signed
from server import ALTO, Alto, free_port

PASSWORD = 'correct horse battery'
SOURCE = pathlib.Path(os.environ['ALTO_SOURCE'])


def test_in_a_browser(alto, https, trust):
    browser = subprocess.Popen([SOURCE / 'scripts' / 'console', 'node', 'tests/browser/passkeys.ts'], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={
                                   **os.environ, **trust, 'ALTO_COMPANY': f'https://alto.example:{https}',
                                   'ALTO_PASSWORD': PASSWORD,
                                   'ALTO_SCREENSHOTS': str(pathlib.Path(ALTO).absolute().parent / 'pictures')})
    for line in browser.stdout:
        if line.strip() != 'want: new password':
            print(line, end='')
            continue
        alto.command('user', 'password', 'acme', 'dora', '--password', PASSWORD)
        browser.stdin.write('done\n')
        browser.stdin.flush()
    assert browser.wait() == 0, browser.returncode


with tempfile.TemporaryDirectory(prefix='alto-') as scratch:
    directory = pathlib.Path(scratch)
    authority, https = make_authority(directory, 'authority'), free_port()
    certificate, key = make_signed(directory, 'host', 'DNS:alto.example', authority)
    with Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}']}, directory=directory,
              extra=f'tls: {{certificate: {certificate}, key: {key}}}\n') as alto:
        alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
        alto.command('user', 'add', 'acme', 'dora', '--extension', '104', '--name', 'Dora', '--password', PASSWORD)
        test_in_a_browser(alto, https, believed(directory, authority))
