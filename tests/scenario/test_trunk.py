"""An operator (SIPp on a loopback address of its own, known by that alone) and a phone call each other and hear each other."""
import socket

from phone import Phone
from server import PATIENCE, Alto, free_port, spoken
from sipp import Sipp

OPERATOR, STRANGER = '127.0.0.2', '127.0.0.3'
NUMBER, OUTSIDE = '+33142685300', '+33611223344'
TONE = 440


def operator(alto, server, scenario, transport, port):
    """It sends back the voice that it gets."""
    return Sipp(alto.directory, scenario, server, port, transport=transport, service=NUMBER, host=OPERATOR,
                arguments=['-rtp_echo'])


def check_row(row, outer, inner, transport, by):
    assert row['cause'] == 'answered' and row['status'] == 200 and row['ended_by'] == by, row
    beyond, ours = row[outer], row[inner]
    assert beyond['trunk'] == 'op' and not beyond['user'] and not beyond['device'], row
    assert beyond['transport'] == transport and not beyond['srtp'] and beyond['uri'] == OUTSIDE, row
    assert ours['user'] == 'p101' and ours['transport'] == 'TLS' and ours['srtp'] and not ours['trunk'], row
    for leg in (beyond, ours):
        assert leg['codec'] == 'PCMA/8000', row


def call_in(alto, server, phone, transport):
    with operator(alto, server, 'operator_call', transport, free_port()) as sipp:
        phone.wait_for('CALL_INCOMING')
        phone.command('accept')
        phone.wait_for('CALL_ESTABLISHED')
        phone.hears(TONE)  # its own, which went to the operator and came back: voice in both directions
        phone.wait_for('CALL_CLOSED')
        sipp.finish()
    phone.forget()
    row = alto.last_call(spoken)
    check_row(row, 'caller', 'callee', {'u1': 'UDP', 't1': 'TCP'}[transport], 'caller')
    assert row['to'] == NUMBER, row


def call_out(alto, server, phone, transport, port):
    with operator(alto, server, 'operator_answer', transport, port) as sipp:
        if transport == 't1':
            sipp.listening()
        phone.command('dial', f'sip:00{OUTSIDE[1:]}@acme.example')
        phone.wait_for('CALL_ESTABLISHED')
        phone.hears(TONE)
        phone.command('hangup')
        sipp.finish()
    phone.forget()
    row = alto.last_call(spoken)
    check_row(row, 'callee', 'caller', {'u1': 'UDP', 't1': 'TCP'}[transport], 'caller')


def status_of_invite(server, source, number):
    """What an INVITE from this address is told; nobody answers it."""
    host, port = server.split(':')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        s.settimeout(PATIENCE)
        s.sendto('\r\n'.join((
            f'INVITE sip:{number}@{server} SIP/2.0', f'Via: SIP/2.0/UDP {source}:{s.getsockname()[1]};branch=z9hG4bK-{source}',
            f'From: <sip:{OUTSIDE}@operator.example>;tag=x', f'To: <sip:{number}@operator.example>', f'Call-ID: {source}',
            'CSeq: 1 INVITE', 'Max-Forwards: 70', f'Contact: <sip:{source}>', 'Content-Length: 0', '', '')).encode(),
                 (host, int(port)))
        while True:
            status = int(s.recv(65535).split()[1])
            if status >= 200:
                return status


def connect(alto, server, port, transport):
    alto.command('trunk', 'add', 'acme', 'op', '--host', f'{OPERATOR}:{port}', '--listener', server, '--transport',
                 transport, '--srtp', 'off')


def run(alto, server, phone, transport, sipp_transport):
    port = free_port()
    connect(alto, server, port, transport)
    call_in(alto, server, phone, sipp_transport)
    call_out(alto, server, phone, sipp_transport, port)
    alto.command('trunk', 'remove', 'acme', 'op')


port = free_port()
server = f'127.0.0.1:{port}'
tls = f'127.0.0.1:{free_port()}'
with Alto(listen={'sip_udp': [server], 'sip_tcp': [server], 'sip_tls': [tls]}, plain_rtp=True) as alto:
    accounts = alto.company(people=('101',))
    alto.command('number', 'add', 'acme', NUMBER, '--user', 'p101')
    certificate = alto.data / 'tls' / 'self-signed.crt'
    with Phone(alto.directory, 'phone', accounts['101']['desk'], TONE, tls, certificate, extension='101') as phone:
        phone.registered()
        run(alto, server, phone, 'udp', 'u1')
        run(alto, server, phone, 'tcp', 't1')
        connect(alto, server, free_port(), 'udp')
        assert status_of_invite(server, OPERATOR, '+33142685301') == 404
        assert status_of_invite(server, STRANGER, NUMBER) == 401
    assert len(alto.listing('calls')) == 4
    assert '\nalto_trunk_unknown_numbers_total 1\n' in alto.api('GET', '/metrics')[1]
