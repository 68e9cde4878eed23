"""A flood of INVITE, REGISTER and garbage from a thousand addresses: the calls in progress hear every word, are asked and
answer, and end as they should.

A tenth of what `make bench` does, at a rate that leaves the machine time for its generators.
"""
import socket

from generator import Generator, account, phones
from server import Alto, free_port, wait_until
from softphone import Softphone, talk

FIRST, CALLS, SECONDS = 2000, 50, 3
SOURCES, RATE = 1000, 5000
ACCOUNTS = 4


def sweep(server):
    """One address asks for everybody, and never answers a challenge."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.77', 0))
        for n in range(1000):
            s.sendto(f'OPTIONS sip:{n}@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.77;branch=z9hG4bK{n};rport\r\n'
                     f'Max-Forwards: 70\r\nFrom: <sip:x@x>;tag={n}\r\nTo: <sip:{n}@acme.example>\r\nCall-ID: {n}\r\n'
                     f'CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n'.encode(), server)


udp = f'127.0.0.1:{free_port()}'
with Alto({'sip_udp': [udp]}, plain_rtp=True) as alto:
    people = alto.company(srtp='off')
    for number in range(FIRST, FIRST + ACCOUNTS):
        account(alto, number)
    server = ('127.0.0.1', int(udp.rpartition(':')[2]))
    voice = phones('rtpload', udp, FIRST, '--register', '--callers', '2', '--callees', '2', '--caller', '127.0.0.2:5062', '--callee',
                   '127.0.0.3:5064', '--calls', str(CALLS), '--seconds', str(SECONDS))
    with Softphone(people['101']['desk'], '101', server, host='127.0.0.5') as anna, \
            Softphone(people['102']['desk'], '102', server, host='127.0.0.5') as bruno:
        anna.register()
        bruno.register()
        a, b = talk(anna, bruno, '102')
        voice.wait_for('connected')
        flood = Generator('flood', '--server', udp, '--seconds', str(SECONDS + 1), '--sources', str(SOURCES), '--rate', str(RATE))
        flood.wait_for('flooding')
        voice.wait_for('measuring')
        assert a.ask('OPTIONS').status == 200
        heard, sent = voice.result(), flood.result()
        a.hang_up()
        b.ended()
    assert heard['sent'] > 0 and heard['received'] == heard['sent'], heard
    assert sent['sent'] >= SOURCES, sent
    wait_until(lambda: len([c for c in alto.listing('calls', '--limit', '200') if c['ended']]) > CALLS, 'end of all calls')
    rows = alto.listing('calls', '--limit', '200')
    assert len(rows) == CALLS + 1 and {c['cause'] for c in rows} == {'answered'}, rows
    # Nobody was proven to be who he said he was.
    wait_until(lambda: 'ask too often without a password' in alto.command('status') or sweep(server), 'a sentence about strangers')
    said = alto.command('bans')
    assert said.startswith('Nobody is banned.\n') and 'ask too often without a password' in said, said
    assert alto.listing('bans') == []
    print(f'{sent["sent"]} datagrams from {SOURCES} addresses in {sent["seconds"]:.0f} s; {heard["sent"]} packets of voice, all heard')
