"""The company's own sign-in in a real browser: connected in the settings, then used. The steps: console/tests/browser/openid.ts."""
import pathlib
import tempfile

from issuer import Real
from pair import believed, make_authority, make_signed
from server import Alto, free_port
from walk import walk

PASSWORD = 'correct horse battery'


def main(directory):
    authority, https = make_authority(directory, 'authority'), free_port()
    certificate, key = make_signed(directory, 'host', 'DNS:localhost', authority)
    files = make_signed(directory, 'issuer', 'IP:127.0.0.1', authority)
    with Alto({'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}']},
              extra=f'webhooks: {{allow: [127.0.0.1]}}\ntls: {{certificate: {certificate}, key: {key}, ca: {authority[0]}}}\n') as alto:
        alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
        alto.command('user', 'add', 'acme', 'dora', '--extension', '104', '--name', 'Dora', '--role', 'admin', '--password', PASSWORD)
        alto.command('user', 'add', 'acme', 'anna', '--extension', '101', '--name', 'Anna')
        company = f'https://localhost:{https}'
        [tenant] = alto.listing('tenant', 'list')
        redirect = f'{company}/sign-in/{tenant["id"]}'
        with Real(files, [{'client_id': 'alto', 'client_secret': 'secret_of_a_test', 'redirect_uris': [redirect]}]) as issuer:
            walk('openid', {**believed(directory, authority), 'ALTO_COMPANY': company, 'ALTO_REDIRECT': redirect,
                            'ALTO_ISSUER': issuer.url, 'ALTO_PASSWORD': PASSWORD})


with tempfile.TemporaryDirectory(prefix='alto-') as scratch:
    main(pathlib.Path(scratch))
