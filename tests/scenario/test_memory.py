"""Hardly any memory is left while a call is in progress: it goes on, new calls and connections are refused and told why,
what was acknowledged stays, and when there is memory again all is as before.

The limit is put on the running program; connections that begin a message and do not end it use up what it leaves.
"""
import pathlib
import re
import resource
import socket

from server import Alto, free_port, wait_until
from softphone import Call, Softphone, talk

LEFT_KIB = 256
CONNECTIONS = 4000
BEGUN = b'REGISTER sip:acme.example SIP/2.0\r\nSubject: ' + b'x' * 3000  # 4 KiB are kept of it


def limit(alto, spare_kib):
    """No more than it has, and so much; None: no limit any more."""
    at = resource.RLIM_INFINITY
    if spare_kib is not None:
        status = pathlib.Path(f'/proc/{alto.process.pid}/status').read_text()
        at = 1024 * (int(re.search(r'VmSize:\s+(\d+)', status).group(1)) + spare_kib)
    resource.prlimit(alto.process.pid, resource.RLIMIT_AS, (at, resource.RLIM_INFINITY))


def warned(alto, words):
    found = [w for w in alto.api('GET', '/api/v1/status')[1]['warnings'] if words in w]
    if found:
        print(found[0])
    return bool(found)


def use_up(alto, at):
    """Connections, until one finds no memory."""
    held = []
    while not warned(alto, 'Connections were turned away, or had to wait, in the last minute because no memory was left'):
        assert len(held) < CONNECTIONS
        for n in range(100):
            s = socket.create_connection(at, source_address=(f'127.0.3.{1 + n}', 0))
            s.send(BEGUN)
            held.append(s)
    return held


def both_ways(call):
    a, b = call
    a.voice.reaches(b.voice)
    b.voice.reaches(a.voice)


def write_tenants(alto, count):
    """Names of those that the program says it has written."""
    written = []
    for n in range(count):
        name = f'tenant-{n}'
        if alto.api('POST', '/api/v1/tenants', {'name': name, 'domain': f'{name}.example'})[0] == 201:
            written.append(name)
    return written


resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
udp, tcp = free_port(), free_port()
with Alto(listen={'sip_udp': [f'127.0.0.1:{udp}'], 'sip_tcp': [f'127.0.0.1:{tcp}']}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    server = ('127.0.0.1', udp)
    with Softphone(accounts['101']['desk'], '101', server) as anna, Softphone(accounts['102']['desk'], '102', server) as bruno:
        anna.register()
        bruno.register()
        call = talk(anna, bruno, '102')
        limit(alto, LEFT_KIB)
        held = use_up(alto, ('127.0.0.1', tcp))
        both_ways(call)
        refused = Call(anna)
        refused.them, refused.target = '<sip:102@acme.example>', 'sip:102@acme.example'
        said = refused.ask('INVITE', refused.offer())
        assert said.status == 503 and said['Retry-After'], said.first
        assert warned(alto, 'a call was refused in the last minute because no memory was left')
        written = write_tenants(alto, 20)
        anna.register()
        assert call[0].ask('OPTIONS').status == 200
        call[0].hang_up()  # what ends something finds memory
        call[1].ended()

        limit(alto, None)
        for s in held:
            s.close()
        wait_until(lambda: alto.api('GET', '/api/v1/status')[1]['store']['healthy'], 'a healthy store')
        a, b = talk(anna, bruno, '102')
        a.hang_up()
        b.ended()
        wait_until(lambda: len([c for c in alto.listing('calls') if c['ended'] and c['cause'] == 'answered']) == 2,
                   'two answered calls in the history')
    alto.kill()
    alto.start()
    tenants = [t['name'] for t in alto.listing('tenant', 'list', '--limit', '200')]
    assert set(written) <= set(tenants), (written, tenants)
    assert [c['cause'] for c in alto.listing('calls')] == ['answered', 'answered']
    print(f'{len(held)} connections used it up; {len(written)} of 20 tenants were written meanwhile')
