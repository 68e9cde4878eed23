"""Passkeys in a real browser, over a host name: made, used, renamed, removed; a copy of one is refused.

The steps in the browser are console/tests/browser/passkeys.ts; it asks here for what happens beside it."""
import base64
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile

from server import ALTO, Alto, free_port

PASSWORD = 'correct horse battery'
SOURCE = pathlib.Path(os.environ['ALTO_SOURCE'])


def certificate(directory):
    """Of alto.example, with the hash of its key by which the browser is told that it is good."""
    key, pem = directory / 'host.key', directory / 'host.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                    '-subj', '/CN=alto.example', '-addext', 'subjectAltName=DNS:alto.example', '-keyout', key, '-out', pem],
                   check=True, capture_output=True)
    public = subprocess.run(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER'], check=True,
                            capture_output=True).stdout
    return {'certificate': str(pem), 'key': str(key)}, base64.b64encode(hashlib.sha256(public).digest()).decode()


def test_in_a_browser(alto, https, key_hash):
    browser = subprocess.Popen([SOURCE / 'scripts' / 'console', 'node', 'tests/browser/passkeys.ts'], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={
                                   **os.environ, 'ALTO_COMPANY': f'https://alto.example:{https}', 'ALTO_PASSWORD': PASSWORD,
                                   'ALTO_KEY_HASH': key_hash,
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
    tls, key_hash = certificate(directory)
    https = free_port()
    with Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}']}, directory=directory,
              extra=f'tls: {json.dumps(tls)}\n') as alto:
        alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
        alto.command('user', 'add', 'acme', 'dora', '--extension', '104', '--name', 'Dora', '--password', PASSWORD)
        test_in_a_browser(alto, https, key_hash)
