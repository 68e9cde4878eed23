"""An operator by name over TLS: its certificate must have that name (RFC 5922 §7), and no other will do.

SRV leads from the operator's domain to a host with another name. Whose certificate names only the host, or comes from an
authority that nobody believes, or is too old, hears nothing but the end of the handshake, and the call's story says why.
"""
import pathlib
import socket
import ssl
import tempfile
import threading

from names import A, SRV, Names, in_a_world_of_its_own
from pair import make, make_authority, make_expired, make_signed
from server import PATIENCE, Alto, free_port
from softphone import Softphone

DOMAIN, HOST, ADDRESS = 'operator.example', 'edge.example', '127.0.0.2'
NUMBER, OUTSIDE = '+33142685300', '+33611223344'
GCM = 'AEAD_AES_128_GCM'


class Operator(Softphone):
    """Alto connects to it, once; `refused` says why the handshake failed, if it did."""

    def __init__(self, port, identity):
        self.account, self.extension, self.transport, self.host = None, OUTSIDE, 'tls', ADDRESS
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*identity)
        self.listener = socket.create_server((ADDRESS, port))
        self.listener.settimeout(PATIENCE)
        self.socket, self.refused, self.connected = None, None, threading.Event()
        threading.Thread(target=self._take_one, daemon=True).start()

    def _take_one(self):
        connection, self.server = self.listener.accept()
        try:  # with TLS 1.3 too it ends only when the other side has looked at the certificate
            self.socket = self.context.wrap_socket(connection, server_side=True)
            self.begin()
        except OSError as error:
            self.refused = str(error)
        self.connected.set()

    def __exit__(self, *_):
        self.listener.close()
        if self.socket:
            self.socket.close()


def refused(alto, phone, port, identity, alert, story):
    """The caller hears that nothing came of it; the operator that its certificate was not liked, and no INVITE."""
    with Operator(port, identity) as operator:
        status = phone.dial(OUTSIDE, suites=[GCM]).final()
        assert operator.connected.wait(PATIENCE) and operator.socket is None
        assert alert in operator.refused, operator.refused
    row = alto.last_call()
    assert status >= 400 and row['cause'] == 'unreachable' and not row['answered'], row
    sentence = f'the certificate that {DOMAIN} shows {story}'
    assert any(line.endswith(sentence) for line in row['trace']), row['trace']
    alto.log.wait_for(story)
    print(f'{identity[0].stem}: {operator.refused}; the caller hears {status}')


def check_row(row, outer, inner):
    assert (row['status'], row['cause']) == (200, 'answered'), row
    assert row[outer]['trunk'] == 'op' and row[outer]['uri'] == OUTSIDE, row
    for side in (outer, inner):
        assert row[side]['transport'] == 'TLS' and row[side]['tls'] and row[side]['srtp'] == GCM, row
        assert not row[side]['keys_in_clear'], row


def speaks(port, alto, phone, identity):
    """Out by the connection that Alto makes, in by one of the operator's own; voice both ways by SRTP."""
    with Operator(port, identity) as operator:
        a = phone.dial(OUTSIDE, suites=[GCM])
        assert operator.connected.wait(PATIENCE) and operator.socket, operator.refused
        b = operator.incoming(suites=[GCM]).accept()
        a.answered()
        a.voice.reaches(b.voice)
        b.voice.reaches(a.voice)
        a.hang_up()
        b.ended()
        check_row(alto.last_call(), 'callee', 'caller')
    with Softphone(None, OUTSIDE, phone.server, 'tls', host=ADDRESS) as gateway:
        a = gateway.dial(NUMBER, suites=[GCM])
        b = phone.incoming(suites=[GCM]).accept()
        a.answered()
        a.voice.reaches(b.voice)
        b.voice.reaches(a.voice)
        a.hang_up()
        b.ended()
        check_row(alto.last_call(), 'caller', 'callee')
    print(f'{identity[0].stem}: a call out and one in')


in_a_world_of_its_own()
port, tls = free_port(), free_port()
records = {(f'_sips._tcp.{DOMAIN}', SRV): [(10, 0, port, HOST)], (HOST, A): [ADDRESS]}
with tempfile.TemporaryDirectory() as scratch, Names(records) as names:
    scratch = pathlib.Path(scratch)
    believed, stranger = make_authority(scratch, 'believed'), make_authority(scratch, 'stranger')

    def made(name, subjects, by):
        return make_signed(scratch, name, subjects, by)

    with Alto(listen={'sip_tls': [f'127.0.0.1:{tls}']}, extra=f'tls: {{ca: {believed[0]}}}\n') as alto:
        account = alto.company(people=('101',))['101']['desk']
        alto.command('number', 'add', 'acme', NUMBER, '--user', 'p101')
        alto.command('trunk', 'add', 'acme', 'op', '--host', DOMAIN, '--from', ADDRESS, '--transport', 'tls')
        with Softphone(account, '101', ('127.0.0.1', tls), 'tls') as phone:
            phone.register()
            refused(alto, phone, port, made('host-only', f'DNS:{HOST},URI:sip:{HOST}', believed), 'alert bad certificate',
                    'is not for that name')
            refused(alto, phone, port, made('unknown-authority', f'DNS:{DOMAIN}', stranger), 'alert unknown ca',
                    'is signed by no authority that is believed here (tls.ca can name one)')
            refused(alto, phone, port, make_expired(scratch, 'old', f'DNS:{DOMAIN}', believed),
                    'alert certificate expired', 'has expired')
            clients = make(scratch, 'for-clients', '-addext', f'subjectAltName=DNS:{DOMAIN}', '-addext', 'extendedKeyUsage=clientAuth',
                           '-CA', str(believed[0]), '-CAkey', str(believed[1]))
            refused(alto, phone, port, clients, 'alert unsupported certificate', 'is not valid')
            speaks(port, alto, phone, made('domain', f'DNS:{HOST},DNS:{DOMAIN}', believed))
    assert (f'_sips._tcp.{DOMAIN}', SRV) in names.asked, names.asked
