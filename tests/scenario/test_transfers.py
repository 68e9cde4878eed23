"""Calls go from one person to another over TLS and SRTP: baresip transfers a call, and what is heard before and after is measured; then, by a phone of the test's own, one with consultation (Replaces in Refer-To) and one taken over by another device (INVITE with Replaces)."""
import contextlib
import secrets

from phone import Phone
from server import Alto, spoken
from softphone import Call, Softphone, talk
from sound import tones_in

TONES = {'101': 440, '102': 1000, '103': 2000}
SUITES = ('AEAD_AES_128_GCM',)


def transferred_by_baresip(alto, accounts):
    """Anna has called Bruno, who sends her to Carla."""
    server, certificate = f'127.0.0.1:{alto.tls_port}', alto.data / 'tls' / 'self-signed.crt'
    with contextlib.ExitStack() as stack:
        anna, bruno, carla = (stack.enter_context(Phone(alto.directory, f'phone{e}', accounts[e]['desk'], TONES[e], server,
                                                        certificate, extension=e)) for e in TONES)
        for phone in (anna, bruno, carla):
            phone.registered()
        anna.command('dial', 'sip:102@acme.example')
        bruno.wait_for('CALL_INCOMING')
        bruno.command('accept')
        for phone in (anna, bruno):
            phone.wait_for('CALL_ESTABLISHED')
        anna.hears(TONES['102'])
        bruno.command('transfer', 'sip:103@acme.example')
        carla.wait_for('CALL_INCOMING')
        carla.command('accept')
        carla.wait_for('CALL_ESTABLISHED')
        anna.hears(TONES['103'])
        carla.hears(TONES['101'])
        bruno.wait_for('CALL_CLOSED')
        carla.command('hangup')
        anna.wait_for('CALL_CLOSED')
    assert not tones_in(anna.heard(), TONES['101'])[TONES['101']]
    assert not tones_in(carla.heard(), TONES['102'])[TONES['102']]

    # Whoever went on into the next call has figures there.
    second, first = alto.last_calls(2, lambda row: spoken(row) or (row['cause'] == 'transferred' and row['callee']['packets_in']))
    assert (first['from'], first['to'], first['cause'], first['ended_by']) == ('101', '102', 'transferred', 'callee'), first
    assert (second['from'], second['to'], second['cause'], second['ended_by']) == ('101', '103', 'answered', 'callee'), second
    assert first['ended'] == second['answered'], (first, second)
    assert second['caller']['srtp'] and second['callee']['srtp'], second


def replaces(call, names=';{}-tag={};{}-tag={}'):
    """The dialog as Alto knows it."""
    return call.call_id + names.format('to', call.remote_tag, 'from', call.local_tag)


def notified(call, status):
    """Waits for the NOTIFY that says so; those before it are answered."""
    while True:
        notify = call.phone.request('NOTIFY', call.call_id)
        call.respond(notify, 200)
        if notify.body.startswith(f'SIP/2.0 {status} '):
            return notify


def transferred_with_consultation(anna, bruno, carla):
    """Bruno speaks with both, and joins them: neither of them rings, or is asked for anything."""
    a, b = talk(anna, bruno, '102', {'suites': SUITES}, {'suites': SUITES})
    b2, c = talk(bruno, carla, '103', {'suites': SUITES}, {'suites': SUITES})
    dialog = replaces(b2, '%3B{}-tag%3D{}%3B{}-tag%3D{}')
    assert b.ask('REFER', Refer_To=f'<sip:103@acme.example?Replaces={dialog}>').status == 202
    assert notified(b, 200)['Subscription-State'].startswith('terminated')
    b2.ended()
    a.voice.reaches(c.voice)
    c.voice.reaches(a.voice)
    b.hang_up()
    assert not [m for m in anna.inbox + carla.inbox if not m.status], 'they were asked for something'
    c.hang_up()
    a.ended()


def taken_over(anna, bruno, mobile):
    """Bruno's other phone takes the call that he has on the first one."""
    a, b = talk(anna, bruno, '102', {'suites': SUITES}, {'suites': SUITES})
    m = Call(mobile, suites=SUITES)
    m.them, m.target, m.branch, m.cseq = '<sip:102@acme.example>', 'sip:alto@acme.example', 'z9hG4bK' + secrets.token_hex(8), 1
    m.send('INVITE', branch=m.branch, body=m.offer(), Replaces=replaces(b), Require='replaces')
    m.answered()
    b.ended()
    a.voice.reaches(m.voice)
    m.voice.reaches(a.voice)
    a.hang_up()
    m.ended()


with Alto() as alto:
    accounts = alto.company(people=tuple(TONES), devices=('desk', 'mobile'))
    transferred_by_baresip(alto, accounts)
    with contextlib.ExitStack() as stack:
        phones = [stack.enter_context(Softphone(accounts[e][device], e, ('127.0.0.1', alto.tls_port), 'tls').register())
                  for e, device in (('101', 'desk'), ('102', 'desk'), ('103', 'desk'))]
        transferred_with_consultation(*phones)
        mobile = stack.enter_context(Softphone(accounts['102']['mobile'], '102', ('127.0.0.1', alto.tls_port), 'tls'))
        taken_over(*phones[:2], mobile.register())
    causes = [(c['from'], c['to'], c['cause']) for c in alto.last_calls(5)]
    assert causes == [('101', '102', 'answered'), ('101', '102', 'transferred'), ('101', '103', 'answered'),
                      ('102', '103', 'transferred'), ('101', '102', 'transferred')], causes
    print('joined after consultation, and taken over by another phone')
