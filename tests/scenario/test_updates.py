"""Two SIPp phones: a session interval that is too small, then a call held and moved to another codec by UPDATE; each leg has its own session timer, and what the caller says at the end reaches the callee."""
from server import Alto, free_port
from sipp import Sipp

CALLS = 20

port = free_port()
server = f'127.0.0.1:{port}'
with Alto(listen={'sip_udp': [server]}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    answer_port = free_port()
    callee, caller = ('102', accounts['102']['desk']), ('101', accounts['101']['desk'])
    with Sipp(alto.directory, 'register', server, answer_port, [callee]) as register:
        register.finish()
    with Sipp(alto.directory, 'update_answer', server, answer_port, calls=CALLS) as answer, \
            Sipp(alto.directory, 'update_call', server, free_port(), [caller], calls=CALLS, service='102') as call:
        call.finish()
        answer.finish()
    rows = alto.last_calls(CALLS)
    assert len(alto.listing('calls')) == CALLS  # what was refused with 422 never was a call
    for row in rows:
        assert row['cause'] == 'answered' and row['ended_by'] == 'caller', row
        assert row['caller']['codec'] == row['callee']['codec'] == 'PCMA/8000', row
        assert 'caller says Q.850;cause=16;text="Normal call clearing"' in str(row['trace']), row
    print(f'{CALLS} calls changed by UPDATE, their session timers agreed on leg by leg')
