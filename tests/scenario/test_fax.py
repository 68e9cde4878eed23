"""A gateway (SIPp) hears a fax in a call and asks for T.38: it is refused, and the call goes on as sound."""
from server import Alto, free_port, wait_until
from sipp import Sipp
from softphone import Softphone

SOUND = bytes(range(160))  # a packet of what the gateway plays all the while

port = free_port()
server = f'127.0.0.1:{port}'


def is_heard(voice):
    """From now on."""
    begun = len(voice.packets)
    wait_until(lambda: any(p.payload == SOUND for p in voice.packets[begun:]), 'what the gateway plays')


with Alto(listen={'sip_udp': [server]}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    to = free_port()
    with Sipp(alto.directory, 'register', server, to, [('102', accounts['102']['desk'])]) as register:
        register.finish()
    (alto.directory / 'voice.ulaw').write_bytes(SOUND * 50)
    with Sipp(alto.directory, 'answer_fax', server, to, arguments=['-trace_logs']) as gateway, \
            Softphone(accounts['101']['desk'], '101', ('127.0.0.1', port)) as phone:
        phone.register()
        call = phone.dial('102').answered()
        is_heard(call.voice)
        wait_until(lambda: [path for path in alto.directory.glob('answer_fax_*_logs.log') if 'as sound' in path.read_text()],
                   'the gateway goes on without T.38')
        is_heard(call.voice)
        assert not [m for m in phone.inbox if m.method == 'INVITE' and not m.status], 'what was refused is not passed on'
        call.hang_up()
        gateway.finish()
    row = alto.last_call()
    assert (row['cause'], row['ended_by'], row['callee']['codec']) == ('answered', 'caller', 'PCMU/8000'), row
    print('T.38 refused twice; the call went on')
