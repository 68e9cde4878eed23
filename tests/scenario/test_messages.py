"""Instant messages between SIPp phones over UDP with digest: what was written arrives, and the phone's answer is the sender's.

A webhook is told of them, of those too that were written while the disk refused.
"""
import errno
import pathlib
import tempfile

from faults import Faults
from server import Alto, free_port, wait_until
from sipp import Sipp

MANY = 50
# Those on their way at once: a device may have 16, and SIPp sends on, in a burst, when the machine was away.
AT_ONCE = 8


def written(answer, told, calls=1):
    """101 writes to 102, whose phone answers so; 101 is told so."""
    with Sipp(alto.directory, 'take_message', server, to, calls=calls, status=answer) as take, \
            Sipp(alto.directory, 'message', server, free_port(), [writer], calls=calls, rate=MANY, service='102',
                 status=told, arguments=['-l', str(AT_ONCE)]) as message:
        message.finish()
        take.finish()


def deliveries():
    status, answer = alto.api('GET', f'/api/v1/webhooks/{webhook["id"]}/deliveries?limit=200')
    assert status == 200, answer
    return [d['event'] for d in answer['items']]


port = free_port()
server = f'127.0.0.1:{port}'
with tempfile.TemporaryDirectory(prefix='alto-') as directory:
    faults = Faults(pathlib.Path(directory) / 'faults')
    alto = Alto(listen={'sip_udp': [server]}, plain_rtp=True, directory=directory, extra='webhooks: {allow: [127.0.0.1]}\n')
    alto.environment = faults.environment
    with alto:
        accounts = alto.company(srtp='off')
        writer, to = ('101', accounts['101']['desk']), free_port()
        with Sipp(alto.directory, 'register', server, to, [('102', accounts['102']['desk'])]) as register:
            register.finish()
        written(200, 200)  # nobody wants to hear of it
        status, webhook = alto.api('POST', '/api/v1/webhooks', {
            'tenant': 'acme', 'name': 'crm', 'url': f'https://127.0.0.1:{free_port()}/', 'events': 'message.delivered,message.failed'})
        assert status == 201, webhook
        faults.failing_disk(errno.EROFS)
        written(200, 200, MANY)
        assert not deliveries()
        faults.failing_disk(0)
        wait_until(lambda: len(deliveries()) == MANY, f'{MANY} deliveries')
        written(202, 202)
        written(486, 486)
        written(404, 480)  # it is not the sender who dialled wrong (RFC 3261, 16.7)
        wait_until(lambda: len(deliveries()) == MANY + 3, f'{MANY + 3} deliveries')
        assert deliveries().count('message.failed') == 2, deliveries()
        status, text = alto.api('GET', '/metrics')
        for name, value in ('delivered', MANY + 2), ('failed', 2), ('untold', 0):
            assert f'\nalto_messages_{name}_total {value}\n' in text, text
print(f'{MANY} messages taken while the disk refused, and three other answers told as they should be; all in the deliveries')
