"""New certificates on SIGHUP while a call goes on over TLS; a broken one is refused and named; the manager is told."""
import os
import shutil
import signal
import ssl
import socket
import time

from manager import Manager
from pair import make_pair
from server import Alto, wait_until
from talk import call, two_phones


def shown_certificate(alto):
    """What a new connection sees."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(('127.0.0.1', alto.tls_port)) as plain, context.wrap_socket(plain) as s:
        return ssl.DER_cert_to_PEM_cert(s.getpeercert(binary_form=True)).strip()


def warnings(alto):
    return alto.api('GET', '/api/v1/status')[1]['warnings']


def reload(alto, manager):
    """SIGHUP; the status that the manager is told at its end."""
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    alto.process.send_signal(signal.SIGHUP)
    told = manager.next()
    assert told['RELOADING'] == '1' and int(told['MONOTONIC_USEC']) >= before, told
    told = manager.next()
    assert told['READY'] == '1', told
    return told['STATUS']


def packets(alto):
    """Voice received so far, by metrics: both ways through the relay."""
    text = alto.api('GET', '/metrics')[1]
    return int(next(line.split()[1] for line in text.splitlines()
                    if line.startswith('alto_media_packets_received_total ')))


alto = Alto()
first, second = make_pair(alto.directory, 'first'), make_pair(alto.directory, 'second')
used = alto.directory / 'used.crt', alto.directory / 'used.key'


def put(pair):
    for source, target in zip(pair, used):
        shutil.copy(source, target)


put(first)
with alto.config.open('a') as config:
    config.write(f'tls: {{certificate: {used[0]}, key: {used[1]}}}\n')
with Manager(alto.directory / 'notify') as manager, alto:
    assert manager.next() == {'READY': '1', 'STATUS': 'Ready'}
    accounts = alto.company()
    with two_phones(alto, accounts, certificate=first[0]) as (anna, bruno):
        call(anna, bruno)
        assert shown_certificate(alto) == first[0].read_text().strip()

        put(second)
        assert reload(alto, manager) == 'Ready'
        assert shown_certificate(alto) == second[0].read_text().strip()

        used[0].write_text('not a certificate\n')
        said = reload(alto, manager)
        assert 'used.crt' in said, said
        alto.log.wait_for('used.crt')
        assert shown_certificate(alto) == second[0].read_text().strip(), 'the old one is not in use any more'
        assert [w for w in warnings(alto) if 'was not read anew' in w and 'used.crt' in w], warnings(alto)
        [why] = [w['values']['reason'] for w in alto.api('GET', '/api/v1/status')[1]['warned_of']
                 if w['kind'] == 'certificate-not-read']
        assert why['kind'] == 'no-certificate' and why['values']['path'].endswith('used.crt'), why

        # The call neither noticed nor ended: voice still comes in, and a hang-up passes over the old connections.
        [live] = alto.listing('calls', '--live')
        assert live['state'] == 'answered', live
        before = packets(alto)
        wait_until(lambda: packets(alto) >= before + 100, '100 more packets of voice')
        bruno.command('hangup')
        anna.wait_for('CALL_CLOSED')

        put(second)
        assert reload(alto, manager) == 'Ready'
        assert not [w for w in warnings(alto) if 'was not read anew' in w], warnings(alto)
    row = alto.last_call()
    assert (row['cause'], row['ended_by']) == ('answered', 'callee'), row

    # A directory that others may read is named, and no longer once it is mended.
    os.chmod(alto.data, 0o755)
    reload(alto, manager)
    assert [w for w in warnings(alto) if 'open to others (mode 0755)' in w], warnings(alto)
    os.chmod(alto.data, 0o700)
    reload(alto, manager)
    assert not [w for w in warnings(alto) if 'open to others' in w], warnings(alto)
    alto.stop()
    assert manager.next()['STOPPING'] == '1'
    manager.nothing()
