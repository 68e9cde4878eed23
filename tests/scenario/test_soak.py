#!/usr/bin/python3
"""Rounds of calls, registrations and voice over TLS: when each has drained, all is as it was after the first, and memory grows
by no more than what stays of a call for 32 s.

A tenth of what `make bench` does (bench/soak.py: five minutes at about 1,000 calls a second), in time and in rate.
"""
import os
import pathlib
import re
import time

from generator import account, phones
from server import PATIENCE, Alto, free_port

ROUNDS, RATE, SECONDS, VOICE_CALLS = 3, 100, 10, 10
# First account, accounts of each side, callers' and callees' address.
CALLS, VOICE, REGISTRATIONS = ((2000 + 100 * n, 4, f'127.0.1.{2 * n + 1}:5062', f'127.0.1.{2 * n + 2}:5064') for n in range(3))
# For 32 s after a call its transactions wait for copies (RFC 6026 §7.1), and its messages for those that come late.
LEFT_BY_CALL_KIB = 2.25
ENDED = 'alto_calls_open', 'alto_legs_open', 'alto_media_streams', 'alto_transport_connections', 'alto_store_waiting_bytes'
LINGERING = 'alto_sip_server_transactions', 'alto_sip_client_transactions'
LINGERING_OF_CALL = 2
OWN_TIMERS = 8  # at most, of the program itself: when a batch of rows is due, and the like


def load(server, program, whose, *options):
    first, side, caller, callee = whose
    return phones(program, server, first, '--tls', '--register', '--caller', caller, '--callee', callee, '--callers', str(side),
                  '--callees', str(side), *options)


def one_round(server):
    """How many calls it was."""
    calls = load(server, 'sipload', CALLS, '--srtp', '--rate', str(RATE), '--seconds', str(SECONDS))
    voice = load(server, 'rtpload', VOICE, '--srtp', '--calls', str(VOICE_CALLS), '--seconds', '0.1')
    registrations = load(server, 'sipload', REGISTRATIONS, '--registrations', '--rate', '50', '--seconds', str(SECONDS))
    called, spoken, registered = calls.result(), voice.result(), registrations.result()
    assert called['completed'] > 0 and called['completed'] == called['started'], called
    assert spoken['completed'] == VOICE_CALLS and spoken['received'] == spoken['sent'] > 0, spoken
    assert registered['registrations'] == registered['registrations_started'] > 0, registered
    return called['completed'] + VOICE_CALLS


def look(alto):
    """Its gauges. Pairs of ports that wait for calls come and go, as the pool likes; descriptors are those beside them."""
    text = alto.api('GET', '/metrics')[1]
    held = {name: int(value) for name, value in re.findall(r'^# TYPE (\w+) gauge\n\1 (\d+)$', text, re.M)}
    held['descriptors'] = len(os.listdir(f'/proc/{alto.process.pid}/fd')) - 2 * held.pop('alto_media_port_pairs')
    held['lingering'] = sum(held.pop(name) for name in LINGERING)
    held['alto_net_timers'] -= held['lingering']  # each has one
    return held


def drained(alto, as_it_was):
    """When nothing is left of calls; and all is as it was, if that is known."""
    end = time.monotonic() + PATIENCE
    while True:
        held = look(alto)
        most = {**(as_it_was or held), **dict.fromkeys(ENDED, 0)}
        most['alto_net_timers'] += OWN_TIMERS
        if all(held[name] <= most[name] for name in held if name != 'lingering'):
            return held
        assert time.monotonic() < end, f'not as it was: {held}, and it was {as_it_was}'


def memory_kib(alto):
    status = pathlib.Path(f'/proc/{alto.process.pid}/status').read_text()
    return int(re.search(r'RssAnon:\s+(\d+)', status).group(1))


tls = f'127.0.0.1:{free_port()}'
with Alto({'sip_tls': [tls]}, extra='trace: {sip: false}\n') as alto:
    alto.api('POST', '/api/v1/tenants', {'name': 'acme', 'domain': 'acme.example'})
    for number, side, *_ in (CALLS, VOICE, REGISTRATIONS):
        for extension in range(number, number + 2 * side):
            account(alto, extension, 'sdes')
    first, calls, memory = None, [], []
    for _ in range(ROUNDS):
        calls.append(one_round(tls))
        held = drained(alto, first)
        first = first or held
        assert held['lingering'] <= LINGERING_OF_CALL * sum(calls), held
        memory.append(memory_kib(alto))
    # What is forgotten of each call shows in every round. A busy machine lets calls pile up in one, and what they took is kept.
    growth = min(after - before for before, after in zip(memory, memory[1:]))
    print(f'{sum(calls)} calls; {", ".join(map(str, memory))} KiB after each round; {held}')
    assert growth <= LEFT_BY_CALL_KIB * calls[-1], f'at least {growth} KiB more after {calls[-1]} calls'
