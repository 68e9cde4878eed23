"""Two sides of a call that have little in common hear each other all the same; whom Alto can do nothing for is told so.

baresip is one side, over TLS and SRTP. The other is a phone of the test's own, which says exactly how it speaks: over
which family, in clear or by which suite; and whose tones stop and start at the moment that the test chooses.
"""
from phone import Phone
from server import Alto, free_port
from softphone import Softphone

CM, CM_32, GCM, GCM_256 = ('AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32', 'AEAD_AES_128_GCM', 'AEAD_AES_256_GCM')
TONE = 1000  # of baresip


def from_softphone(alto, caller, anna, name, **described):
    """The phone calls baresip; each hears the other's tone."""
    a = caller.dial('101', **described)
    anna.wait_for('CALL_INCOMING')
    anna.command('accept')
    a.answered()
    a.voice.speaks_to(anna, 440)
    share = a.voice.hears_tone(TONE)
    a.hang_up()
    anna.wait_for('CALL_CLOSED')
    anna.forget()
    row = alto.last_call(lambda r: r['ended'] and r['caller']['packets_in'])
    assert (row['status'], row['cause'], row['ended_by']) == (200, 'answered', 'caller'), row
    assert row['caller']['srtp'] == a.suite and row['callee']['srtp'] in (CM, GCM), row
    print(f'{name}: {share:.2f} of what came back is {TONE} Hz, 440 Hz were heard there')
    return row


def no_common_codec(alto, caller, anna):
    assert caller.dial('101', formats='18').final() == 488
    anna.wait_for('CALL_CLOSED')
    row = alto.last_call()
    assert (row['status'], row['cause'], row['ended_by']) == (488, 'no-common-codec', 'alto'), row
    print('G.729 alone to PCMU alone: 488, no-common-codec')


def shares(all, some, none):
    return {'all': all, 'some': some, 'none': none}


def report_says_so(alto):
    """Whose calls went in clear, and how many, in what a data protection officer reads."""
    status, report = alto.api('GET', '/api/v1/compliance?tenant=acme')
    calls = report['calls']
    assert status == 200 and sum(day['calls'] for day in calls['days']) == 6, calls
    counted = calls['sum']
    assert (counted['calls'], counted['answered'], counted['keys_in_clear']) == (6, 5, 0), counted
    assert (counted['voice'], counted['signalling']) == (shares(3, 2, 0), shares(3, 2, 1)), counted  # of what nobody answered, the caller's leg is known
    [clear] = calls['in_clear']
    assert (clear['kind'], clear['name'], clear['user']['name']) == ('device', 'desk', 'Carl'), clear
    assert (clear['voice'], clear['signalling']) == (2, 3) and calls['plain_voice_allowed'], calls


udp, tls = free_port(), free_port()
with Alto(listen={'sip_udp': [f'[::]:{udp}'], 'sip_tls': [f'127.0.0.1:{tls}']}, plain_rtp=True, workers=2) as alto:
    accounts = alto.company(people=('101', '102'))
    alto.command('user', 'add', 'acme', 'carl', '--extension', '103', '--name', 'Carl')
    carl = 'acme-103-desk', 'secret-of-103'
    alto.command('device', 'add', 'acme', 'carl', 'desk', '--username', carl[0], '--password', carl[1], '--srtp', 'off')

    def baresip(extension, tone, codecs):
        name = f'{extension}-{codecs.split("/")[0]}-{tone}'
        return Phone(alto.directory, name, accounts[extension]['desk'], tone, f'127.0.0.1:{tls}',
                     alto.data / 'tls' / 'self-signed.crt', extension=extension, codecs=codecs)

    with baresip('101', TONE, 'PCMU/8000/1') as anna, Softphone(carl, '103', ('127.0.0.1', udp)) as plain, \
            Softphone(carl, '103', ('::1', udp), host='::1') as sixth, \
            Softphone(accounts['102']['desk'], '102', ('127.0.0.1', tls), 'tls') as sealed:
        anna.registered()
        sealed.register()
        from_softphone(alto, plain, anna, 'plain over UDP to SRTP over TLS')
        from_softphone(alto, sixth, anna, 'IPv6 to IPv4')
        for suite in (CM, CM_32, GCM_256):
            from_softphone(alto, sealed, anna, suite, suites=[suite])
        no_common_codec(alto, plain, anna)
        report_says_so(alto)
