"""DNS that never answers, peers that send a byte at a time, TLS that never finishes: a call in progress does not notice.

What is slow is there all the while, on every listener; another phone registers, another call is made. Who has not come
to the end of TLS is cut off, and `alto status` says so.
"""
import contextlib
import os
import pathlib
import re
import socket
import sys
import tempfile
import time

from server import PATIENCE, Alto, free_port
from softphone import Softphone, talk

HAS = {'suites': ('AES_CM_128_HMAC_SHA1_80',)}
SLOW = 32  # of each kind, each from a host of its own: from 30 in a minute on they are named


def in_a_world_of_its_own():
    """Run again where /etc/resolv.conf and port 53 are ours: in namespaces of a user of our own, which needs no right."""
    if os.environ.get('ALTO_NAMESPACE'):
        return
    os.environ['ALTO_NAMESPACE'] = 'yes'
    with tempfile.NamedTemporaryFile('w', suffix='.conf', delete=False) as resolv:
        resolv.write('nameserver 127.0.0.1\n')
    os.environ['ALTO_RESOLV'] = resolv.name
    script = 'ip link set lo up && mount --bind "$ALTO_RESOLV" /etc/resolv.conf && exec "$@"'
    os.execvp('unshare', ['unshare', '--user', '--map-root-user', '--net', '--mount', 'sh', '-c', script, 'sh',
                          sys.executable, *sys.argv])


def slow_peers(tcp, tls):
    """Connections that each have sent a first piece: of a request, and of a TLS record that says it is longer."""
    for port, piece in ((tcp, b'R'), (tls, b'\x16\x03\x01\x02\x00')):
        for n in range(SLOW):
            peer = socket.create_connection(('127.0.0.1', port), source_address=(f'127.0.0.{50 + n}', 0))
            peer.send(piece)
            yield peer, b'EGISTER' if piece == b'R' else b'\x01\x00\x01'


def both_ways(call):
    a, b = call
    a.voice.reaches(b.voice)
    b.voice.reaches(a.voice)


def ended(peer):
    """The other side has closed it."""
    peer.settimeout(PATIENCE)
    with contextlib.suppress(ConnectionError):
        while peer.recv(512):
            pass


def warned_of(alto, beginning):
    """The sentence of `alto status` that begins so, once it is there."""
    until, warned = time.monotonic() + PATIENCE, []
    while time.monotonic() < until:
        warned = alto.api('GET', '/api/v1/status')[1]['warnings']
        for sentence in warned:
            if re.match(beginning, sentence):
                return sentence
    raise AssertionError(f'not warned of "{beginning}": {warned}')


in_a_world_of_its_own()
pathlib.Path(os.environ['ALTO_RESOLV']).unlink()
tcp, tls = free_port(), free_port()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dns, \
        Alto(listen={'sip_tcp': [f'127.0.0.1:{tcp}'], 'sip_tls': [f'127.0.0.1:{tls}']}) as alto:
    dns.bind(('127.0.0.1', 53))
    dns.settimeout(PATIENCE)
    accounts = alto.company(people=('101', '102', '103'))
    alto.command('trunk', 'add', 'acme', 'operator', '--host', 'sip.operator.example', '--from', '127.0.0.9/32')
    alto.command('number', 'add', 'acme', '+33142685300', '--user', 'p101')
    anna, bruno = (Softphone(accounts[e]['desk'], e, ('127.0.0.1', tls), 'tls').register() for e in ('101', '102'))
    call = talk(anna, bruno, '102', HAS, HAS)

    peers = list(slow_peers(tcp, tls))
    outside = anna.dial('+33611223344', **HAS)
    assert dns.recv(512)  # asked, and never answered
    for at in range(3):  # while the search waits, a byte each, and each time the call is there
        for peer, rest in peers:
            with contextlib.suppress(ConnectionError):  # on a slow machine its time may be over
                peer.send(rest[at:at + 1])
        both_ways(call)
    carla = Softphone(accounts['103']['desk'], '103', ('127.0.0.1', tls), 'tls').register()
    a, c = talk(bruno, carla, '103', HAS, HAS)
    a.hang_up()
    c.ended()

    for peer, rest in peers:
        if rest != b'EGISTER':  # of TCP it takes a minute: transport/connection, on a clock that is moved
            ended(peer)
    warned_of(alto, r'3\d connections were closed in a minute because their TLS ')
    status = outside.final()
    assert status in (408, 480, 500, 503, 504), status
    said = warned_of(alto, 'Since .* no DNS server has answered')
    assert re.match(r'Since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ', said), said
    both_ways(call)
    print(f'{status}; {said}')
