"""The ways a call can go, between phones that nobody here wrote, over TLS and SRTP, and what the history says of each.

Anna's phone is baresip; so are Bruno's two, desk and mobile, and Carl has a SIPp over UDP that refuses.
"""
from phone import Phone
from server import Alto, free_port, wait_until
from sipp import Sipp


def ended(alto, status, cause, ended_by):
    row = alto.last_call()
    assert (row['status'], row['cause'], row['ended_by']) == (status, cause, ended_by), row
    print(f'{row["from"]} calls {row["to"]}: {status}, {cause}, by {ended_by}')
    return row


def ring(anna, *phones):
    anna.command('dial', 'sip:102@acme.example')
    for phone in phones:
        phone.wait_for('CALL_INCOMING')
    anna.wait_for('CALL_RINGING')


def hangs_up(alto, anna, desk, mobile):
    for by, other, name in ((anna, desk, 'caller'), (desk, anna, 'callee')):
        start = len(mobile.output.all)
        ring(anna, desk, mobile)
        desk.command('accept')
        for phone in (anna, desk):
            phone.wait_for('CALL_ESTABLISHED')
        mobile.wait_for('CALL_CLOSED')
        mobile.output.wait_for('Reason: SIP;cause=200', start=start)  # no missed call there (RFC 3326)
        by.command('hangup')
        for phone in (by, other):
            phone.wait_for('CALL_CLOSED')
        ended(alto, 200, 'answered', name)


def declined(alto, anna, desk, mobile):
    ring(anna, desk, mobile)
    desk.command('hangup')
    desk.wait_for('CALL_CLOSED')
    mobile.command('hangup')
    mobile.wait_for('CALL_CLOSED')
    said = anna.wait_for('CALL_CLOSED')
    assert '486' in said['param'], said
    ended(alto, 486, 'busy', 'callee')


def cancelled(alto, anna, desk, mobile):
    ring(anna, desk, mobile)
    anna.command('hangup')
    for phone in (anna, desk, mobile):
        phone.wait_for('CALL_CLOSED')
    ended(alto, 487, 'cancelled', 'caller')


def refused(alto, anna, server, account):
    """Each refusal of a phone: what the caller hears, and what the history makes of it."""
    port = free_port()
    with Sipp(alto.directory, 'register', server, port, [('103', account)]) as register:
        register.finish()
    for status, heard, cause, ended_by in ((486, 486, 'busy', 'callee'), (603, 603, 'declined', 'callee'),
                                           (480, 480, 'no-answer', 'alto'), (488, 488, 'no-common-codec', 'alto'),
                                           (404, 480, 'refused', 'alto')):
        with Sipp(alto.directory, 'refuse', server, port, status=status) as phone:
            anna.command('dial', 'sip:103@acme.example')
            said = anna.wait_for('CALL_CLOSED')
            assert str(heard) in said['param'], said
            phone.finish()
        ended(alto, heard, cause, ended_by)


def crashed(alto, anna, desk):
    ring(anna, desk)
    desk.command('accept')
    for phone in (anna, desk):
        phone.wait_for('CALL_ESTABLISHED')
    wait_until(lambda: alto.api('GET', '/api/v1/calls?limit=1')[1]['items'][0]['answered'], 'the row of an answered call')
    alto.kill()
    alto.start()
    row = alto.last_call()
    assert row['cause'] == 'crashed' and row['answered'] and row['ended'], row
    print('101 calls 102: crashed, and closed at the next start')


udp, tls = free_port(), free_port()
with Alto(listen={'sip_udp': [f'127.0.0.1:{udp}'], 'sip_tls': [f'127.0.0.1:{tls}']}, plain_rtp=True) as alto:
    accounts = alto.company(devices=('desk', 'mobile'))
    alto.command('user', 'add', 'acme', 'carl', '--extension', '103', '--name', 'Carl')
    carl = 'acme-103-desk', 'secret-of-103'
    alto.command('device', 'add', 'acme', 'carl', 'desk', '--username', carl[0], '--password', carl[1], '--srtp', 'off')

    def phone(extension, device, tone):
        return Phone(alto.directory, f'{extension}-{device}', accounts[extension][device], tone, f'127.0.0.1:{tls}',
                     alto.data / 'tls' / 'self-signed.crt', extension=extension, codecs='PCMU/8000/1')

    with phone('101', 'desk', 440) as anna, phone('102', 'desk', 1000) as desk, phone('102', 'mobile', 1500) as mobile:
        for p in (anna, desk, mobile):
            p.registered()
        for way in (hangs_up, declined, cancelled):
            way(alto, anna, desk, mobile)
        refused(alto, anna, f'127.0.0.1:{udp}', carl)
        crashed(alto, anna, desk)
