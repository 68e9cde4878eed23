"""SIPp phones over UDP that know reliable provisionals (RFC 3262) and offers of every kind, each against one that does and one that does not."""
from server import Alto, free_port
from sipp import Sipp

CALLS = 20
WITHOUT_OFFER = ('call_without_offer', 'call_offer_in_183')  # these play something once they may


def ring(alto, server, accounts, caller, callee):
    """`CALLS` calls of the one scenario to the other; every one must go as its scenario says."""
    answer_port = free_port()
    with Sipp(alto.directory, 'register', server, answer_port, [('102', accounts['102']['desk'])]) as register:
        register.finish()
    (alto.directory / 'voice.ulaw').write_bytes(bytes(range(160)) * 10)
    with Sipp(alto.directory, callee, server, answer_port, calls=CALLS) as answer, \
            Sipp(alto.directory, caller, server, free_port(), [('101', accounts['101']['desk'])], calls=CALLS, rate=20,
                 service='102') as call:
        call.finish()
        answer.finish()
    # What a caller without an offer plays reaches the callee: both streams are set, and joined.
    plays = caller in WITHOUT_OFFER
    for row in alto.last_calls(CALLS, lambda row: row['ended'] and (not plays or row['callee']['packets_out'])):
        assert row['cause'] == 'answered' and row['status'] == 200 and row['ended_by'] == 'caller', row
        for side in ('caller', 'callee'):
            assert row[side]['codec'] == 'PCMU/8000', row
        early = any(line.endswith(' early media') for line in row['trace'])
        assert early == (callee == 'answer_100rel' and caller != 'call_without_offer'), row
    print(f'{caller} to {callee}: {CALLS} calls as they should be')


port = free_port()
server = f'127.0.0.1:{port}'
with Alto(listen={'sip_udp': [server]}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    ring(alto, server, accounts, 'call_100rel', 'answer_100rel')
    ring(alto, server, accounts, 'call', 'answer_100rel')
    ring(alto, server, accounts, 'call_without_offer', 'answer')
    ring(alto, server, accounts, 'call_without_offer', 'answer_100rel')
    ring(alto, server, accounts, 'call_offer_in_183', 'answer_100rel')
