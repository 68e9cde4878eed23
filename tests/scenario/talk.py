"""Two baresip phones on TLS in a call, for tests of what happens to the call."""
import contextlib

from phone import Phone

TONES = {'101': 440, '102': 1000}


@contextlib.contextmanager
def two_phones(alto, accounts, certificate=None, **settings):
    """Both registered."""
    server = f'127.0.0.1:{alto.tls_port}'
    anna, bruno = (Phone(alto.directory, f'phone{e}', accounts[e]['desk'], TONES.get(e, 700), server,
                         certificate or alto.data / 'tls' / 'self-signed.crt', extension=e, **settings) for e in accounts)
    with anna, bruno:
        for phone in (anna, bruno):
            phone.registered()
        yield anna, bruno


def call(anna, bruno, extension='102'):
    """Until both are in it."""
    anna.command('dial', f'sip:{extension}@acme.example')
    bruno.wait_for('CALL_INCOMING')
    bruno.command('accept')
    for phone in (anna, bruno):
        phone.wait_for('CALL_ESTABLISHED')
