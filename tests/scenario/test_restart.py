"""Registrations and history outlive a `kill -9`: the phone is called without registering again, the open call is closed."""
from server import Alto, free_port, wait_until
from sipp import Sipp

port = free_port()
server = f'127.0.0.1:{port}'
alto = Alto(listen={'sip_udp': [server]}, plain_rtp=True)
with alto:
    accounts = alto.company(srtp='off')
    callee, caller = ('102', accounts['102']['desk']), ('101', accounts['101']['desk'])
    answer_port = free_port()
    with Sipp(alto.directory, 'register', server, answer_port, [callee]) as register:
        register.finish()

    # A call that is up when the program is killed.
    with Sipp(alto.directory, 'answer', server, answer_port) as answer, \
            Sipp(alto.directory, 'call_and_stay', server, free_port(), [caller], service='102') as call:
        call.finish()
        answered = alto.listing('calls', '--live')
        assert [c['state'] for c in answered] == ['answered'], answered
        # Committed within 50 ms; the API reads what is committed.
        wait_until(lambda: [c for c in alto.listing('calls') if c['answered']], 'the row of an answered call')
        alto.kill()
        answer.end()

    alto.start()
    [row] = alto.listing('calls')
    assert row['cause'] == 'crashed' and row['answered'] and row['ended'], row
    print('after kill -9:', row['cause'], row['started'], row['ended'])

    with Sipp(alto.directory, 'answer', server, answer_port) as answer, \
            Sipp(alto.directory, 'call', server, free_port(), [caller], service='102') as call:
        call.finish()
        answer.finish()
    assert [c['cause'] for c in alto.last_calls(2)] == ['answered', 'crashed']
    print('the phone that registered before was called after')
