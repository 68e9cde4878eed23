"""A session changed while it lasts, and what it may carry: hold and resume, new keys, digits, packet times, wide-band codecs."""
import re

from phone import Phone
from server import PATIENCE, Alto, free_port
from softphone import Softphone, talk
from sound import tones_in
from voice import EVENTS

CM, TONE = 'AES_CM_128_HMAC_SHA1_80', 1000  # baresip's tone


def speaks_until_counted(phone, voice, wanted):
    """Says a tone until baresip's own count of what it receives and sends is as wanted."""
    for _ in range(PATIENCE):
        start = len(phone.output.all)
        voice.tone(600, 1)
        rates = [m.groups() for m in map(re.compile(r'audio=(\d+)/(\d+) ').search, phone.output.all[start:]) if m]
        if rates and wanted(*map(int, rates[-1])):
            return
    raise AssertionError(f'baresip counts {rates} bit/s')


def held_and_resumed(alto, caller, anna):
    """baresip holds: nothing is heard from it nor by it; then all is as before."""
    a = caller.dial('101')
    anna.wait_for('CALL_INCOMING')
    anna.command('accept')
    a.answered()
    a.voice.speaks_to(anna, 440)
    a.voice.hears_tone(TONE)
    anna.change('hold')
    speaks_until_counted(anna, a.voice, lambda received, sent: received == 0 and sent == 0)
    a.voice.packets.clear()  # what baresip had sent before
    a.voice.tone(600, 0.5)
    assert not a.voice.packets, f'{len(a.voice.packets)} packets from a phone that holds'
    anna.change('resume')
    speaks_until_counted(anna, a.voice, lambda received, sent: received > 0 and sent > 0)
    a.voice.hears_tone(TONE)
    anna.command('hangup')
    anna.wait_for('CALL_CLOSED')
    a.ended()
    row = alto.last_call(lambda r: r['ended'] and r['caller']['packets_in'])
    assert (row['status'], row['cause'], row['ended_by']) == (200, 'answered', 'callee'), row
    heard = tones_in(anna.heard(), 600)  # baresip's recorder ends with the hold
    assert heard[600] == 0, heard
    print(f'baresip holds and resumes: {TONE} Hz before and after, 0 packets either way meanwhile')


def held_packet_by_packet(alto, sealed, plain):
    """The same counted, with new keys at each re-INVITE: what is said during the hold reaches nobody, later neither."""
    a, b = talk(sealed, plain, '103', {'suites': [CM]})
    a.change('sendonly', new_keys=True)
    a.voice.reaches(b.voice)  # music on hold would: and by the new keys, so the worker has been told all
    b.voice.say(10)
    a.change('inactive', new_keys=True)
    b.voice.say(11)
    a.change(new_keys=True)
    a.voice.reaches(b.voice)
    b.voice.reaches(a.voice)
    b.voice.say(20)
    a.voice.hears(20)
    a.voice.say(30)
    b.voice.hears(30)
    assert a.voice.letters() == {20}, a.voice.letters()
    a.hang_up()
    b.ended()
    assert alto.last_call()['cause'] == 'answered'
    print('held by sendonly and inactive, re-keyed three times: 0 of 20 packets heard meanwhile, 20 of 20 after')


def digits(alto, caller, anna):
    """What is dialled in a call arrives as telephone events (RFC 4733), each ended three times, none as sound."""
    a = caller.dial('101')
    anna.wait_for('CALL_INCOMING')
    anna.command('accept')
    a.answered()
    a.voice.tone(440, 0.2)
    for key, event in (('5', 5), ('#', 11)):
        anna.command('sndcode', key)
        packet = a.voice.wait_for(lambda p: p.payload_type == EVENTS and p.payload[0] == event and p.payload[1] & 0x80)
        assert len(packet.payload) == 4
    a.hang_up()
    anna.wait_for('CALL_CLOSED')
    alto.last_call()
    print('5 and # arrived as events')


def packet_time(alto, caller, anna, ptime_ms):
    """What a phone asks for passes to the other side, and so do packets of that length."""
    a = caller.dial('101', ptime=ptime_ms)
    anna.wait_for('CALL_INCOMING')
    anna.command('accept')
    a.answered()
    a.voice.wait_for(lambda p: len(p.payload) == 8 * ptime_ms)
    a.hang_up()
    anna.wait_for('CALL_CLOSED')
    alto.last_call()
    print(f'{ptime_ms} ms a packet')


def between(alto, anna, bruno, codec):
    """baresip to baresip, as good as the phones can."""
    bruno.command('dial', 'sip:101@acme.example')
    anna.wait_for('CALL_INCOMING')
    anna.command('accept')
    for phone in (anna, bruno):
        phone.wait_for('CALL_ESTABLISHED')
    anna.hears(440)
    bruno.hears(TONE)
    bruno.command('hangup')
    for phone in (anna, bruno):
        phone.wait_for('CALL_CLOSED')
    row = alto.last_call(lambda r: r['ended'] and r['caller']['packets_in'])
    assert row['caller']['codec'] == row['callee']['codec'] == codec, row
    print(f'{codec} both ways')


udp, tls = free_port(), free_port()
with Alto(listen={'sip_udp': [f'127.0.0.1:{udp}'], 'sip_tls': [f'127.0.0.1:{tls}']}, plain_rtp=True) as alto:
    accounts = alto.company(people=('101', '102'))
    alto.command('user', 'add', 'acme', 'carl', '--extension', '103', '--name', 'Carl')
    carl = 'acme-103-desk', 'secret-of-103'
    alto.command('device', 'add', 'acme', 'carl', 'desk', '--username', carl[0], '--password', carl[1], '--srtp', 'off')

    def baresip(extension, tone, codecs):
        name = f'{extension}-{codecs.split("/")[0]}-{tone}'
        return Phone(alto.directory, name, accounts[extension]['desk'], tone, f'127.0.0.1:{tls}',
                     alto.data / 'tls' / 'self-signed.crt', extension=extension, codecs=codecs)

    with baresip('101', TONE, 'PCMU/8000/1') as anna, Softphone(carl, '103', ('127.0.0.1', udp)) as plain, \
            Softphone(accounts['102']['desk'], '102', ('127.0.0.1', tls), 'tls') as sealed:
        anna.registered()
        sealed.register()
        plain.register()
        held_and_resumed(alto, plain, anna)
        held_packet_by_packet(alto, sealed, plain)
        digits(alto, plain, anna)
        for ptime_ms in (30, 40):
            packet_time(alto, plain, anna, ptime_ms)
    for codecs, shown in (('opus/48000/2', 'opus/48000/2'), ('G722/16000/1', 'G722/8000')):  # RFC 3551 §4.5.2
        with baresip('101', TONE, codecs) as anna, baresip('102', 440, codecs) as bruno:
            for phone in (anna, bruno):
                phone.registered()
            between(alto, anna, bruno, shown)
