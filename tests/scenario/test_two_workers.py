"""Two who were called on different media workers are joined by a transfer, and hear each other across: to the packet.

Anna calls Bruno, and then Carl: the second call's legs open on the less busy worker. She joins the two (REFER with
Replaces), and each packet of either goes from one worker's thread to the other's.
"""
import os
import pathlib
import re
from urllib.parse import quote

from server import Alto, free_port
from softphone import Softphone, talk
from voice import EVENTS

PACKETS = 100
SECRET = 'secret-of-all'


def worker_of(alto, port):
    """Which epoll set watches the socket on this port: one a worker."""
    process = pathlib.Path('/proc') / str(alto.process.pid)
    for line in (process / 'net' / 'udp').read_text().splitlines()[1:]:
        words = line.split()
        if int(words[1].split(':')[1], 16) == port:
            socket = f'socket:[{words[9]}]'
    links = {int(p.name): os.readlink(p) for p in (process / 'fd').iterdir()}
    watched = [fd for fd, to in links.items() if to == socket]
    sets = [fd for fd, to in links.items() if to == 'anon_inode:[eventpoll]']
    found = [e for e in sets for fd in watched
             if re.search(rf'(?m)^tfd:\s+{fd}\b', (process / 'fdinfo' / str(e)).read_text())]
    assert len(found) == 1, (port, found)
    return found[0]


def crosses(speaker, hearer, letter):
    """All packets arrive, in order, as one stream; and then a key."""
    speaker.voice.say(letter, PACKETS)
    hearer.voice.hears(letter, PACKETS)
    heard = [p for p in hearer.voice.packets if p.payload == bytes([letter]) * 160]
    first = heard[0]
    assert {p.ssrc for p in heard} == {first.ssrc}
    assert [p.sequence for p in heard] == [(first.sequence + i) & 0xffff for i in range(PACKETS)]
    assert [p.timestamp for p in heard] == [(first.timestamp + 160 * i) & 0xffffffff for i in range(PACKETS)]
    said = speaker.ask('INFO', '5', Content_Type='application/dtmf')
    assert said.status == 200, said.first
    end = hearer.voice.wait_for(lambda p: p.payload_type == EVENTS and p.payload[1] & 0x80)
    assert (end.payload[0], end.ssrc) == (5, first.ssrc) and not hearer.voice.broken


def joined(alto, phones, name, has):
    """The calls of Anna to the two others, who are then in one."""
    anna, bruno, carl = phones
    a, b = talk(anna, bruno, bruno.extension, has, has)
    second, c = talk(anna, carl, carl.extension, has, has)
    assert worker_of(alto, b.voice.to[1]) != worker_of(alto, c.voice.to[1])
    assert worker_of(alto, b.voice.to[1]) == worker_of(alto, a.voice.to[1])
    dialog = quote(f'{second.call_id};to-tag={second.remote_tag};from-tag={second.local_tag}', safe='')
    said = a.ask('REFER', Refer_To=f'<sip:{carl.extension}@acme.example?Replaces={dialog}>')
    assert said.status == 202, said.first
    second.ended()
    b.voice.reaches(c.voice)
    c.voice.reaches(b.voice)
    crosses(b, c, 21)
    crosses(c, b, 22)
    assert (b.suite, c.suite) == (has.get('suites', [None])[0],) * 2
    a.hang_up()
    b.hang_up()
    c.ended()
    print(f'{name}: {PACKETS} packets and a key each way, from one worker to the other')


udp, tls = free_port(), free_port()
with Alto(listen={'sip_udp': [f'127.0.0.1:{udp}'], 'sip_tls': [f'127.0.0.1:{tls}']}, plain_rtp=True, workers=2) as alto:
    plain = alto.company('acme', people=('101', '102', '103'), srtp='off')
    for extension in plain:
        alto.command('device', 'add', 'acme', f'p{extension}', 'sealed', '--username', f'{extension}-sealed',
                     '--password', SECRET)
    phones = [Softphone(plain[e]['desk'], e, ('127.0.0.1', udp)).register() for e in plain]
    joined(alto, phones, 'in clear', {})
    for phone in phones:
        phone.register(expires=0)
        phone.socket.close()
    phones = [Softphone((f'{e}-sealed', SECRET), e, ('127.0.0.1', tls), 'tls').register() for e in plain]
    joined(alto, phones, 'SRTP', {'suites': ['AEAD_AES_128_GCM']})
    text = alto.api('GET', '/metrics')[1]
    assert '\nalto_media_crossing_dropped_total 0\n' in text, text
