#!/usr/bin/python3
"""Phones that come back over TLS all at once: each is served, and the calls in progress hear every word meanwhile."""
import concurrent.futures
import sys

from generator import account, phones
from server import PATIENCE, Alto, free_port

PHONES, CALLS = 200, 10
FIRST_TALKING, FIRST_RETURNING = 2000, 3000


def main():
    udp, tls = (f'127.0.0.1:{free_port()}' for _ in range(2))
    with Alto({'sip_udp': [udp], 'sip_tls': [tls]}, plain_rtp=True) as alto:
        alto.api('POST', '/api/v1/tenants', {'name': 'acme', 'domain': 'acme.example'})
        accounts = [(FIRST_TALKING + i, 'off') for i in range(4)] + [(FIRST_RETURNING + i, 'sdes') for i in range(PHONES)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda a: account(alto, *a), accounts))
        talk = phones('rtpload', udp, FIRST_TALKING, '--register', '--callers', '2', '--callees', '2', '--caller',
                      '127.0.0.2:5062', '--callee', '127.0.0.3:5064', '--calls', str(CALLS), '--seconds', '3')
        talk.wait_for('measuring')
        # Begun within a hundredth of a second: no phone waits for another.
        storm = phones('sipload', tls, FIRST_RETURNING, '--own-connections', '--registrations', '--callers', '100',
                       '--callees', '100', '--caller', '127.0.1.1:5066', '--callee', '127.0.1.2:5068', '--rate',
                       str(100 * PHONES), '--seconds', '0.01', '--drain', str(1000 * PATIENCE))
        returned, voice = storm.result(), talk.result()
        assert returned['registrations'] == PHONES, returned
        assert returned['connections_ended'] == 0, returned
        assert voice['sent'] > 0 and voice['received'] == voice['sent'], voice
    print('ok')


sys.exit(main())
