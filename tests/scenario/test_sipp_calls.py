"""200 calls between SIPp phones over UDP with digest, none failed, where plaintext is allowed by name; then callers over TCP, and over IPv6."""
from server import Alto, free_port
from sipp import Sipp


def ring(alto, server, accounts, transport, calls, rate, caller_host='127.0.0.1', caller_server=None):
    """The callee registers and answers over UDP; the caller uses `transport`."""
    answer_port = free_port()
    callee, caller = ('102', accounts['102']['desk']), ('101', accounts['101']['desk'])
    with Sipp(alto.directory, 'register', server, answer_port, [callee]) as register:
        register.finish()
    with Sipp(alto.directory, 'answer', server, answer_port, calls=calls) as answer, \
            Sipp(alto.directory, 'call', caller_server or server, free_port(), [caller], calls=calls, rate=rate,
                 transport=transport, service='102', host=caller_host) as call:
        call.finish()
        answer.finish()


def check_history(alto, calls, transport):
    for row in alto.last_calls(calls):
        assert row['cause'] == 'answered' and row['status'] == 200 and row['ended_by'] == 'caller', row
        assert row['caller']['transport'] == transport and row['callee']['transport'] == 'UDP', row
        for side in ('caller', 'callee'):
            assert row[side]['codec'] == 'PCMU/8000' and not row[side]['srtp'] and not row[side]['tls'], row
    print(f'{calls} calls from {transport}: all answered, all in the history')


port = free_port()
server = f'127.0.0.1:{port}'
with Alto(listen={'sip_udp': [f'[::]:{port}'], 'sip_tcp': [server]}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    ring(alto, server, accounts, 'u1', calls=200, rate=50)
    check_history(alto, 200, 'UDP')
    ring(alto, server, accounts, 't1', calls=20, rate=10)
    check_history(alto, 20, 'TCP')
    ring(alto, server, accounts, 'u1', calls=10, rate=10, caller_host='[::1]', caller_server=f'[::1]:{port}')
    check_history(alto, 10, 'UDP')
    status, text = alto.api('GET', '/metrics')
    assert status == 200 and '\nalto_calls_answered_total 230\n' in text, text
