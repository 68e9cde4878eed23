"""Instant messages between SIPp phones over UDP with digest: what was written arrives, and the phone's answer is the sender's."""
from server import Alto, free_port
from sipp import Sipp

MANY = 50

port = free_port()
server = f'127.0.0.1:{port}'
with Alto(listen={'sip_udp': [server]}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    writer, taker, to = ('101', accounts['101']['desk']), ('102', accounts['102']['desk']), free_port()

    def written(answer, told, calls=1):
        """101 writes to 102, whose phone answers so; 101 is told so."""
        with Sipp(alto.directory, 'take_message', server, to, calls=calls, status=answer) as take, \
                Sipp(alto.directory, 'message', server, free_port(), [writer], calls=calls, rate=MANY, service='102',
                     status=told) as message:
            message.finish()
            take.finish()

    with Sipp(alto.directory, 'register', server, to, [taker]) as register:
        register.finish()
    written(200, 200, MANY)
    written(202, 202)
    written(486, 486)
    written(404, 480)  # it is not the sender who dialled wrong (RFC 3261, 16.7)
    status, text = alto.api('GET', '/metrics')
    for name, value in ('delivered', MANY + 1), ('failed', 2), ('untold', 0):
        assert f'\nalto_messages_{name}_total {value}\n' in text, text
    print(f'{MANY} messages taken, and three other answers told as they should be')
