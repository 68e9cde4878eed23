"""Voice under attack on real sockets: what is forged, replayed or left over from another call is heard by nobody.

Each packet carries a byte by which it is known again; a genuine packet sent after an attack shows that the attack has
been dealt with when it arrives, because a socket keeps the order.
"""
import queue
import struct
import threading
import time

from server import PATIENCE, Alto, free_port, wait_until
from softphone import Softphone, talk
from voice import Voice

LEARN_S = 5  # media/limits.h: how long a plain stream's source may be learned
OFTEN_S = 0.2  # ... and so often a ghost must speak to be noticed: more than 8 packets in the 2 s that a pair of ports rests
CM, GCM = 'AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM'


def forge(source, target, letter, count=10):
    """Plain RTP from `source` that goes on where the real sender of `target` is."""
    for i in range(1, count + 1):
        data = struct.pack('>BBHII', 0x80, 0, (target.sequence + i) & 0xffff, target.timestamp + 160 * i & 0xffffffff,
                           target.ssrc) + bytes([letter]) * 160
        source.rtp.sendto(data, target.to)


def nothing_but(voice, *letters):
    assert voice.letters() <= set(letters), f'heard {voice.letters()}, not only {letters}'


def plain_learning(caller, callee):
    """Before the phone has spoken a stranger may be taken for it, until it speaks; then he never is, in the window or after."""
    a = caller.dial('102')
    b = callee.incoming().accept()
    started = time.monotonic()
    a.answered()
    stranger = Voice()
    stranger.to = a.voice.to
    stranger.reaches(b.voice)
    a.voice.reaches(b.voice)  # from where its description said: it wins
    forge(stranger, a.voice, 10)
    a.voice.say(1)
    b.voice.hears(1)
    nothing_but(b.voice, 1)
    stranger.packets.clear()
    b.voice.say(2)
    a.voice.hears(2)
    assert not stranger.packets, 'the stranger hears the call'
    print('plain, in the window: 10 forged packets, 0 heard; 10 of 10 genuine ones each way')
    return a, b, stranger, started


def plain_after_window(a, b, stranger, started):
    time.sleep(max(0, started + LEARN_S + 0.5 - time.monotonic()))  # the window is the matter
    forge(stranger, a.voice, 11)
    a.voice.say(3)
    b.voice.hears(3)
    a.voice.ssrc ^= 1  # another source from the right address: a phone may do so
    a.voice.say(4)
    b.voice.hears(4)
    assert len({p.ssrc for p in b.voice.packets}) == 1, 'the SSRC that we send is ours for life'
    nothing_but(b.voice, 1, 3, 4)
    assert not stranger.packets
    # An RTCP BYE from elsewhere, and one from the phone itself: neither ends a call, which SIP alone does.
    stranger.rtcp.sendto(stranger.goodbye(a.voice.ssrc), (a.voice.to[0], a.voice.to[1] + 1))
    a.voice.send_raw(a.voice.goodbye(a.voice.ssrc), rtcp=True)
    a.voice.say(5)
    b.voice.hears(5)
    a.hang_up()
    b.ended()
    stranger.close()
    print('plain, after the window: 10 forged packets and a forged RTCP BYE, 0 heard; 30 of 30 genuine ones')


def plain_nobody_learned(caller, callee):
    """Nobody has spoken on this stream in its window; who comes later from elsewhere is refused, the phone is not."""
    a = caller.dial('102')
    b = callee.incoming().accept()
    a.answered()
    started = time.monotonic()
    yield
    time.sleep(max(0, started + LEARN_S + 0.5 - time.monotonic()))
    stranger = Voice()
    forge(stranger, b.voice, 12)
    b.voice.say(6)
    a.voice.hears(6)
    nothing_but(a.voice, 6)
    a.hang_up()
    b.ended()
    stranger.close()
    print('plain, after a window in which nobody spoke: 10 forged packets, 0 heard; 10 of 10 genuine ones')


def encrypted(caller, callee, suites):
    a, b = talk(caller, callee, '102', {'suites': [suites[0]]}, {'suites': [suites[1]]})
    assert (a.suite, b.suite) == suites
    kept = [a.voice.packet(bytes([20]) * 160) for _ in range(5)]
    for data in kept:
        a.voice.send_raw(data)
    b.voice.hears(20, 5)
    stranger = Voice()
    for data in kept:  # replayed, from the right address and from elsewhere
        a.voice.send_raw(data)
        stranger.rtp.sendto(data, a.voice.to)
    forge(stranger, a.voice, 21)  # in clear
    changed = bytearray(a.voice.packet(bytes([22]) * 160))
    changed[-12] ^= 1
    a.voice.send_raw(changed)
    # SRTCP that no key made; RTCP in clear; a genuine goodbye, which ends no call
    stranger.rtcp.sendto(bytes(a.voice.goodbye(a.voice.ssrc)[:-1]) + b'x', (a.voice.to[0], a.voice.to[1] + 1))
    stranger.rtcp.sendto(stranger.goodbye(a.voice.ssrc), (a.voice.to[0], a.voice.to[1] + 1))
    a.voice.send_raw(a.voice.goodbye(a.voice.ssrc), rtcp=True)
    a.voice.say(1)
    b.voice.hears(1)
    assert b.voice.count(20) == 5, 'a replayed packet was heard'
    nothing_but(b.voice, 1, 20)
    b.voice.say(2)
    a.voice.hears(2)
    assert not stranger.packets, 'voice went to a stranger'
    return a, b, stranger


def encrypted_moves(a, b, stranger):
    """The phone's own packet from another address takes the stream along; one held back by a stranger does not."""
    late = a.voice.packet(bytes([23]) * 160)
    a.voice.say(3)
    b.voice.hears(3)
    stranger.rtp.sendto(late, a.voice.to)
    b.voice.hears(23, 1)  # it is authentic and new; but old, so it moves nothing
    b.voice.say(4)
    a.voice.hears(4)
    assert not stranger.packets
    elsewhere = Voice()
    elsewhere.receive_cipher, old = a.voice.receive_cipher, a.voice
    elsewhere.rtp.sendto(a.voice.packet(bytes([24]) * 160), a.voice.to)
    b.voice.hears(24, 1)
    b.voice.say(5)
    elsewhere.hears(5)
    assert not old.count(5) and not stranger.packets
    a.voice.ssrc ^= 1  # under the same key another source: authenticates, and is another source for nobody
    a.voice.say(6)
    b.voice.hears(6)
    assert len({p.ssrc for p in b.voice.packets}) == 1
    a.hang_up()
    b.ended()
    stranger.close()
    elsewhere.close()


class Ghost:
    """A phone that does not notice its call's end, and sends on, 25 times a second; or as often as this machine lets it."""

    def __init__(self, to):
        self.voice, self.sent, self.over, self.silent_s = Voice(), 0, False, 0
        self.voice.to = to
        self.news = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        last = time.monotonic()
        while not self.over:
            self.voice.say(30, 1)
            now = time.monotonic()
            with self.news:
                self.silent_s = max(self.silent_s, now - last)
                self.sent += 1
                self.news.notify_all()
            last = now
            time.sleep(0.04)

    def speaks(self, count):
        with self.news:
            until = self.sent + count
            assert self.news.wait_for(lambda: self.sent >= until, PATIENCE)


def answer_all(phone, answered):
    while True:
        answered.put(phone.incoming().accept())


def call(caller, answered):
    def up():
        c = caller.dial('102')
        if c.final() == 200:
            return c
        c.voice.close()

    # Every pair may rest: a phone tries again, and so do we.
    return wait_until(up, 'a call that is up'), answered.get(timeout=PATIENCE)


def haunted_calls(caller, answered):
    """Four calls while a ghost speaks on the port of one before: (the ghost, its port, those used, what was heard of it)."""
    c, d = call(caller, answered)
    c.voice.reaches(d.voice)
    ghost, haunted, used, heard = Ghost(c.voice.to), c.voice.to[1], [], False
    ghost.speaks(1)
    c.hang_up()
    d.ended()
    while len(used) < 8:
        c, d = call(caller, answered)
        used += [c.voice.to[1], d.voice.to[1]]
        ghost.speaks(2)  # before either phone has: the moment at which it could be taken for one
        c.voice.reaches(d.voice)
        d.voice.reaches(c.voice)
        c.voice.say(7)
        d.voice.hears(7)
        heard = heard or 30 in c.voice.letters() | d.voice.letters()
        c.hang_up()
        d.ended()
    ghost.over = True
    return ghost, haunted, used, heard


def ports_used_again(caller, callee):
    """Five pairs of ports for calls that need two each: those come back, but for the one on which a ghost speaks."""
    answered = queue.Queue()
    threading.Thread(target=answer_all, args=(callee, answered), daemon=True).start()
    for _ in range(5):
        ghost, haunted, used, heard = haunted_calls(caller, answered)
        if ghost.silent_s < OFTEN_S:
            break
        print(f'a busy machine kept the ghost silent for {ghost.silent_s:.1f} s, so that its port may be free: once more')
    assert len(set(used)) <= 5 and haunted not in used and not heard, (haunted, used, heard, ghost.silent_s)
    print(f'after the end: {ghost.sent} packets to an old port, 0 heard in {len(used) // 2} later calls on {len(set(used))} pairs')


udp, tls = free_port(), free_port()
with Alto(listen={'sip_udp': [f'127.0.0.1:{udp}'], 'sip_tls': [f'127.0.0.1:{tls}']}, plain_rtp=True) as alto:
    plain = alto.company(srtp='off')
    sealed = alto.company('zinc', 'zinc.example', people=('101', '102'))
    with Softphone(plain['101']['desk'], '101', ('127.0.0.1', udp)) as ann, \
            Softphone(plain['102']['desk'], '102', ('127.0.0.1', udp)) as bob, \
            Softphone(sealed['101']['desk'], '101', ('127.0.0.1', tls), 'tls') as carl, \
            Softphone(sealed['102']['desk'], '102', ('127.0.0.1', tls), 'tls') as dora:
        for phone in (ann, bob, carl, dora):
            phone.register()
        open_call = plain_learning(ann, bob)
        silent_call = plain_nobody_learned(ann, bob)
        next(silent_call)
        for suites in ((CM, GCM), (GCM, CM)):
            a, b, stranger = encrypted(carl, dora, suites)
            encrypted_moves(a, b, stranger)
            row = alto.last_call(lambda r: r['ended'] and r['caller']['packets_in'])
            assert (row['caller']['srtp'], row['callee']['srtp']) == suites and row['cause'] == 'answered', row
            print(f'{suites[0]} to {suites[1]}: 10 replayed, 10 in clear, 1 changed, 3 forged reports: 0 heard; '
                  'moved by an authentic packet, not by one held back')
        plain_after_window(*open_call)
        for _ in silent_call:
            pass

with Alto(listen={'sip_udp': [f'127.0.0.1:{udp}']}, plain_rtp=True, ports=10) as alto:
    accounts = alto.company(srtp='off')
    with Softphone(accounts['101']['desk'], '101', ('127.0.0.1', udp)) as ann, \
            Softphone(accounts['102']['desk'], '102', ('127.0.0.1', udp)) as bob:
        ports_used_again(ann.register(), bob.register())
