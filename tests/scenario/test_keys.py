"""Keys that a phone tells by INFO are heard by the other one as events in its voice (RFC 4733), to the byte.

SIPp calls and presses 5 (for 160 ms) and #; a phone of the test's own, in clear and by SRTP, looks at each packet.
"""
import struct

from server import Alto, free_port
from sipp import Sipp
from softphone import Softphone
from voice import EVENTS


def digit(event, milliseconds):
    """The payloads of one digit, a packet each 20 ms: what is told so far, the end three times (§2.5.1.4)."""
    told = [min(t, milliseconds) for t in range(20, milliseconds + 20, 20)]
    told += 2 * told[-1:]
    return [struct.pack('>BBH', event, (0x80 if t == milliseconds else 0) | 10, t * 8) for t in told]


def check(voice):
    """What arrived is these two digits and nothing else, in one stream: numbers without a gap, the time of each digit's
    begin in all its packets, and between the two at least the first one's length and a pause of 50 ms."""
    five, hash_ = digit(5, 160), digit(11, 250)
    wanted = five + hash_
    voice.wait_for(lambda _: len(voice.packets) >= len(wanted))
    packets = list(voice.packets)
    assert [p.payload for p in packets] == wanted, [p.payload.hex() for p in packets]
    assert [p.payload_type for p in packets] == [EVENTS] * len(wanted)
    assert [p.marker for p in packets] == [int(i in (0, len(five))) for i in range(len(wanted))]
    assert len({p.ssrc for p in packets}) == 1 and not voice.broken
    first = packets[0].sequence
    assert [p.sequence for p in packets] == [(first + i) & 0xffff for i in range(len(wanted))]
    begins = [p.timestamp for p in packets]
    assert len(set(begins[:len(five)])) == len(set(begins[len(five):])) == 1, begins
    apart = (begins[-1] - begins[0]) & 0xffffffff
    assert apart >= (160 + 50) * 8, apart
    return apart // 8


def press(alto, account, phone, **described):
    with Sipp(alto.directory, 'call_and_press', f'127.0.0.1:{udp}', free_port(), [('101', account)],
              service=phone.extension) as caller:
        call = phone.incoming(**described).accept()
        apart = check(call.voice)
        call.hang_up()
        caller.finish()
    row = alto.last_call(lambda r: r['ended'])
    assert (row['status'], row['cause'], row['ended_by']) == (200, 'answered', 'callee'), row
    print(f'{call.suite or "in clear"}: 5 and # arrived as events, the second {apart} ms after the first')


udp, tls = free_port(), free_port()
with Alto(listen={'sip_udp': [f'127.0.0.1:{udp}'], 'sip_tls': [f'127.0.0.1:{tls}']}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    alto.command('user', 'add', 'acme', 'carl', '--extension', '103', '--name', 'Carl')
    sealed = 'acme-103-desk', 'secret-of-103'
    alto.command('device', 'add', 'acme', 'carl', 'desk', '--username', sealed[0], '--password', sealed[1])
    account = accounts['101']['desk']
    with Softphone(accounts['102']['desk'], '102', ('127.0.0.1', udp)) as phone:
        press(alto, account, phone.register())
    with Softphone(sealed, '103', ('127.0.0.1', tls), 'tls') as phone:
        press(alto, account, phone.register(), suites=['AEAD_AES_128_GCM'])
    text = alto.api('GET', '/metrics')[1]
    assert '\nalto_info_digits_total 4\n' in text and '\nalto_info_digits_lost_total 0\n' in text, text
