"""Calls under attack: guessed tags, replayed digests and a stranger's CANCEL are refused, and each time the voice goes on."""
import re

from server import Alto, free_port
from softphone import Softphone, talk


def goes_on(a, b, letter):
    a.voice.say(letter)
    b.voice.hears(letter)
    b.voice.say(letter)
    a.voice.hears(letter)


def flipped(tag, at):
    """One bit of a hexadecimal digit is another one."""
    digits = '0123456789abcdef'
    return tag[:at] + digits[digits.index(tag[at]) ^ 1] + tag[at + 1:]


def guessed_tags(ann, bob, stranger):
    """Who knows everything of a call but one bit of our tag's secret, or the caller's own tag, finds nothing."""
    a, b = talk(ann, bob, '102')
    guesses = [{'To': f'{a.them};tag={flipped(a.remote_tag, at)}'} for at in range(len(a.remote_tag) - 16, len(a.remote_tag))]
    guesses += [{'From': f'{a.me};tag={flipped(a.local_tag, 0)}'}, {'Call_ID': 'another'}, {'To': a.them}]
    for n, guess in enumerate(guesses):
        for sender in (a.phone, stranger):
            a.cseq += 1
            a.send('BYE', phone=sender, **guess)
            said = sender.response(guess.get('Call_ID', a.call_id), 'BYE', a.cseq)
            assert said.status == 481, (guess, said.first)
    a.cseq += 1
    a.send('INVITE', phone=stranger, body=a.offer(), **guesses[0])  # the voice would go elsewhere
    said = stranger.response(a.call_id, 'INVITE', a.cseq)
    assert said.status == 481, said.first
    goes_on(a, b, 1)
    a.hang_up()
    b.ended()
    print(f'{2 * len(guesses)} BYE and a re-INVITE with guessed tags: all 481, 20 of 20 packets heard after them')


def replayed_digests(ann, bob, stranger):
    """What was seen on the wire once is worth nothing a second time, wherever it is sent from."""
    a, b = talk(ann, bob, '102')
    for sender in (ann, stranger):
        sender.send('INVITE sip:102@acme.example SIP/2.0', [
            ('Via', sender.via()), ('Max-Forwards', 70), ('From', f'{a.me};tag=replay'), ('To', '<sip:102@acme.example>'),
            ('Call-ID', f'replay-{sender.port}'), ('CSeq', '7 INVITE'), ('Contact', sender.contact),
            ('Authorization', a.authorization), ('Content-Type', 'application/sdp')], a.body)
        said = sender.response(f'replay-{sender.port}', 'INVITE', 7)
        assert said.status == 401 and re.search(r'stale=true', said['WWW-Authenticate'], re.I), said.fields
    goes_on(a, b, 2)
    a.hang_up()
    b.ended()
    print('a replayed INVITE from its phone and from elsewhere: 401, stale; 20 of 20 packets heard after it')


def strangers_cancel(ann, bob, stranger):
    """A CANCEL must name the INVITE's branch, which is a secret between the phone and us: without it, it cancels nothing."""
    a = ann.dial('102')
    b = bob.incoming()
    a.rings()
    for branch in (None, flipped(a.branch, len(a.branch) - 1)):
        a.send('CANCEL', phone=stranger, branch=branch)
        said = stranger.response(a.call_id, 'CANCEL', a.cseq)
        assert said.status == 481, said.first
    b.accept()
    a.answered()
    a.voice.reaches(b.voice)
    b.voice.reaches(a.voice)
    goes_on(a, b, 3)
    a.send('CANCEL', branch=a.branch)  # and after the answer not even the caller's own
    goes_on(a, b, 4)
    b.hang_up()
    a.ended()
    print("a stranger's CANCEL twice, and the caller's after the answer: 40 of 40 packets heard after them")


port = free_port()
server = ('127.0.0.1', port)
with Alto(listen={'sip_udp': [f'127.0.0.1:{port}']}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    with Softphone(accounts['101']['desk'], '101', server) as ann, Softphone(accounts['102']['desk'], '102', server) as bob, \
            Softphone(None, '101', server) as stranger:
        ann.register()
        bob.register()
        for attack, ended_by in ((guessed_tags, 'caller'), (replayed_digests, 'caller'), (strangers_cancel, 'callee')):
            attack(ann, bob, stranger)
            row = alto.last_call()
            assert (row['status'], row['cause'], row['ended_by']) == (200, 'answered', ended_by), row
    assert len(alto.listing('calls')) == 3, 'an attack left a call in the history'
