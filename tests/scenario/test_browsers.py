"""A phone that speaks as browsers do (DTLS-SRTP, ICE, one port) and a desk phone with SDES call each other and hear each
other, whoever calls; and two such phones do."""
import os
import sys

from capture import Capture
from phone import Phone
from server import Alto, free_port, spoken

HOST = '192.0.2.10'  # baresip's ICE, like a browser's, passes over loopback addresses

if 'ALTO_OWN_NETWORK' not in os.environ:
    os.environ['ALTO_OWN_NETWORK'] = '1'
    script = f'ip link set lo up && ip address add {HOST}/32 dev lo && exec "$@"'
    os.execvp('unshare', ['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', script, 'sh', sys.executable, *sys.argv])

TONES = {'101': 440, '102': 1000, '103': 1400}
DTLS = 'DTLS AEAD_AES_128_GCM', 'DTLS AES_CM_128_HMAC_SHA1_80'
SDES = 'AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80'


def talk(caller, callee, extension):
    caller.command('dial', f'sip:{extension}@acme.example')
    callee.wait_for('CALL_INCOMING')
    callee.command('accept')
    for phone in (caller, callee):
        phone.wait_for('CALL_ESTABLISHED')
    for listener, speaker in (caller, callee), (callee, caller):
        listener.hears(speaker.tone, least=0.95)
    callee.command('hangup')
    caller.wait_for('CALL_CLOSED')
    for phone in (caller, callee):
        phone.forget()


def check_history(alto, caller, callee):
    call = alto.last_call(spoken)
    print(call)
    assert call['cause'] == 'answered' and call['status'] == 200, call
    for side, expected in (('caller', caller), ('callee', callee)):
        leg = call[side]
        assert leg['srtp'] in expected and not leg['keys_in_clear'], leg


def check_wire(capture, alto):
    """The browsers' voice goes over the last port of the range, and none of it in clear."""
    shared = alto.media[-1]
    voice = 0
    for protocol, source, destination, payload in capture.payloads():
        if protocol != 'udp' or shared not in (source, destination) or len(payload) < 172 or payload[0] >> 6 != 2:
            continue
        voice += 1
        # A tone in A-law repeats a handful of bytes; 160 bytes from AES have about 119 values, 5 more or less.
        assert len(set(payload[12:172])) > 80, f'voice that looks like sound: {payload[12:44].hex()}'
    assert voice, 'no voice on the wire'


port = free_port()
with Alto(listen={'sip_tls': [f'{HOST}:{port}']}) as alto:
    accounts = {**alto.company(srtp='dtls'), **alto.people('acme', ['103'])}
    server, certificate = f'{HOST}:{port}', alto.data / 'tls' / 'self-signed.crt'
    browsers = [Phone(alto.directory, f'phone{e}', accounts[e]['desk'], TONES[e], server, certificate, extension=e,
                      browser=True, host=HOST) for e in ('101', '102')]
    desk = Phone(alto.directory, 'phone103', accounts['103']['desk'], TONES['103'], server, certificate, extension='103',
                 host=HOST)
    with browsers[0] as anna, browsers[1] as bruno, desk as clara, \
            Capture(alto.directory, f'udp port {alto.media[-1]}') as capture:
        for phone in (anna, bruno, clara):
            phone.registered()
        for caller, callee, extension, sides in ((anna, clara, '103', (DTLS, SDES)), (clara, anna, '101', (SDES, DTLS)),
                                                 (anna, bruno, '102', (DTLS, DTLS))):
            talk(caller, callee, extension)
            check_history(alto, *sides)
    check_wire(capture, alto)
