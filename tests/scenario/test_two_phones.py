"""Two phones that nobody here wrote register over TLS, call each other over SRTP and hear each other; the wire shows nothing."""
from capture import Capture
from phone import Phone
from server import Alto, spoken

TONES = {'101': 440, '102': 1000}


def talk(alto, accounts):
    certificate = alto.data / 'tls' / 'self-signed.crt'
    server = f'127.0.0.1:{alto.tls_port}'
    phones = [Phone(alto.directory, f'phone{e}', accounts[e]['desk'], TONES[e], server, certificate, extension=e)
              for e in ('101', '102')]
    with phones[0] as anna, phones[1] as bruno:
        for phone in (anna, bruno):
            phone.registered()
        anna.command('dial', 'sip:102@acme.example')
        bruno.wait_for('CALL_INCOMING')
        anna.wait_for('CALL_RINGING')
        bruno.command('accept')
        for phone in (anna, bruno):
            phone.wait_for('CALL_ESTABLISHED')
        live = alto.listing('calls', '--live')
        assert [c['state'] for c in live] == ['answered'], live
        anna.hears(TONES['102'], least=0.95)
        bruno.hears(TONES['101'], least=0.95)
        bruno.command('hangup')
        anna.wait_for('CALL_CLOSED')


def check_wire(capture, alto):
    """Neither SIP nor sound in clear: TLS records on the signalling port, voice that no codec makes, from and to each phone."""
    signalling, voice = set(), set()
    for protocol, source, destination, payload in capture.payloads():
        rtcp = protocol == 'udp' and len(payload) > 1 and 192 <= payload[1] <= 223
        if rtcp and source not in alto.media:
            continue  # baresip's own, with its name as CNAME: the first or last may leave before or after it has keys
        text = payload.upper()
        for word in (b'SIP/2.0', b'INVITE', b'REGISTER', b'ACME.EXAMPLE', b'RTP/SAVP', b'INLINE:'):
            assert word not in text, f'{word} on the wire, {protocol} {source} to {destination}'
        if protocol == 'tcp' and payload:
            signalling.add((source, destination))
        elif protocol == 'udp' and len(payload) >= 172 and not rtcp:  # 20 ms of voice
            voice.add((source, destination))
            body = payload[12:172]
            # A tone in A-law repeats a handful of bytes; 160 bytes from AES have about 119 values, 5 more or less.
            assert len(set(body)) > 80, f'voice that looks like sound: {body[:32].hex()}'
    for ways, port_of_alto in ((signalling, lambda port: port == alto.tls_port), (voice, lambda port: port in alto.media)):
        to_alto = {way for way in ways if port_of_alto(way[1])}
        from_alto = {way for way in ways if port_of_alto(way[0])}
        assert len(to_alto) >= 2 and len(from_alto) >= 2, ways


def check_history(alto):
    call = alto.last_call(spoken)
    print(call)
    for side in ('caller', 'callee'):
        leg = call[side]
        assert leg['codec'] == 'PCMA/8000', leg
        assert leg['srtp'] in ('AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80'), leg
        assert leg['transport'] == 'TLS' and leg['tls'].startswith('TLSv1.'), leg
        assert not leg['keys_in_clear'], leg
    assert call['cause'] == 'answered' and call['status'] == 200 and call['ended_by'] == 'callee', call


with Alto() as alto:
    accounts = alto.company()
    with Capture(alto.directory, f'port {alto.tls_port} or udp portrange 16384-49151') as capture:
        talk(alto, accounts)
    check_wire(capture, alto)
    check_history(alto)
