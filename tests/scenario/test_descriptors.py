"""As few descriptors as it starts with, and all of them wanted: calls in progress go on, who is too many is told so,
and when some are given back all is as before. With fewer it says what it needs and does not start.
"""
import os
import re
import resource
import select
import socket
import subprocess

from server import ALTO, PATIENCE, Alto, free_port, wait_until
from softphone import Softphone, talk, talk_once_taken

LEAST = 1024
CALLS, CONNECTIONS = 16, 64  # what that is enough for
SHELL = ('prlimit', f'--nofile={LEAST}:{LEAST}', '--')


def warned(alto, words):
    """Waits for the sentence."""
    found = wait_until(lambda: [w for w in alto.api('GET', '/api/v1/status')[1]['warnings'] if words in w], f'a warning with {words!r}')
    print(found[0])
    return found[0]


def refuses_to_start(alto):
    done = subprocess.run(['prlimit', f'--nofile={LEAST - 1}:{LEAST - 1}', '--', ALTO, 'serve', '--config', alto.config],
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    assert done.returncode == 1 and f'{LEAST} are the least to start with; raise the limit' in done.stderr, done


def descriptors(alto):
    return len(os.listdir(f'/proc/{alto.process.pid}/fd'))


def is_closed(s):
    readable, _, _ = select.select([s], [], [], 0)
    return bool(readable) and s.recv(1) == b''


def hold_connections(at):
    """Connections that say nothing, from hosts of their own, until one has to make room. Those that are left."""
    held = []
    for n in range(2 * CONNECTIONS):
        s = socket.create_connection(at, source_address=(f'127.0.3.{1 + n % 8}', 0))
        s.settimeout(PATIENCE)
        held.append(s)
        # A ping on a connection that was let in is answered (RFC 5626 §3.5.1); by then the one before it is closed.
        s.sendall(b'\r\n\r\n')
        assert s.recv(2) == b'\r\n'
        gone = [h for h in held if is_closed(h)]
        for h in gone:
            h.close()
            held.remove(h)
        if gone:
            return held
    raise AssertionError(f'{len(held)} connections were let in')


def both_ways(call):
    a, b = call
    a.voice.reaches(b.voice)
    b.voice.reaches(a.voice)


tcp, udp = free_port(), free_port()
with Alto(listen={'sip_tcp': [f'127.0.0.1:{tcp}'], 'sip_udp': [f'127.0.0.1:{udp}']}, plain_rtp=True, under=SHELL) as alto:
    assert resource.prlimit(alto.process.pid, resource.RLIMIT_NOFILE) == (LEAST, LEAST)
    said = warned(alto, f'Only {LEAST} descriptors are allowed')
    assert f'enough for {CALLS} calls and {CONNECTIONS} connections' in said, said
    accounts = alto.company(srtp='off')
    server = ('127.0.0.1', udp)
    with Softphone(accounts['101']['desk'], '101', server) as anna, Softphone(accounts['102']['desk'], '102', server) as bruno:
        anna.register()
        bruno.register()
        calls = [talk(anna, bruno, '102')]

        # Connections: strangers may have half of them, and then the oldest makes room.
        held = hold_connections(('127.0.0.1', tcp))
        assert len(held) == CONNECTIONS // 2, len(held)
        warned(alto, 'Connections were turned away in the last minute')
        both_ways(calls[0])

        # Voice: the last pair of ports is in use.
        while len(calls) < CALLS:
            calls.append(talk(anna, bruno, '102'))
        refused = anna.dial('102')
        assert refused.final() == 503
        assert alto.last_call()['cause'] == 'no-voice-port'
        warned(alto, 'a call was refused in the last minute because no voice port was left')
        for call in calls:
            both_ways(call)
        assert descriptors(alto) < LEAST

        # Given back, they are there for others.
        for s in held:
            s.close()
        for a, b in calls:
            a.hang_up()
            b.ended()
        held = hold_connections(('127.0.0.1', tcp))
        assert len(held) == CONNECTIONS // 2, len(held)
        for s in held:
            s.close()
        both_ways(talk_once_taken(anna, bruno, '102'))  # ports rest before another call gets them
    refuses_to_start(alto)
