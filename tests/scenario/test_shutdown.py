"""SIGTERM: new calls are refused with a time to come back, the one in progress may end, then it is ended; never twice."""
import re
import signal
import socket

from manager import Manager
from server import PATIENCE, Alto, free_port
from talk import call, two_phones


def wait_file(alto, seconds):
    with alto.config.open('a') as config:
        config.write(f'shutdown: {{wait: {seconds}}}\n')


def start(seconds):
    udp = f'127.0.0.1:{free_port()}'
    alto = Alto(listen={'sip_udp': [udp], 'sip_tls': [f'127.0.0.1:{free_port()}']})
    alto.tls_port = int(alto.listen['sip_tls'][0].rsplit(':', 1)[1])
    wait_file(alto, seconds)
    return alto, udp


def invite(server):
    """Somebody who calls now: the answer as text."""
    host, port = server.rsplit(':', 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.connect((host, int(port)))
        me = '%s:%d' % s.getsockname()
        s.send((f'INVITE sip:102@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKlate\r\nMax-Forwards: 70\r\n'
                f'From: <sip:101@acme.example>;tag=a\r\nTo: <sip:102@acme.example>\r\nCall-ID: late\r\nCSeq: 1 INVITE\r\n'
                f'Contact: <sip:101@{me}>\r\nContent-Length: 0\r\n\r\n').encode())
        return s.recv(65535).decode()


def while_it_waits(alto, udp):
    answer = invite(udp)
    assert answer.startswith('SIP/2.0 503 Shutting Down\r\n'), answer
    assert 5 <= int(re.search(r'\r\nRetry-After: (\d+)\r\n', answer).group(1)) <= 15, answer
    assert [c['state'] for c in alto.listing('calls', '--live')] == ['answered']
    assert [w for w in alto.api('GET', '/api/v1/status')[1]['warnings'] if 'shutting down' in w]


def row_after(alto):
    """The history, read by another run of the program on the same directory."""
    alto.start()
    [row] = alto.listing('calls')
    alto.stop()
    return row


def refused_then_ended(seconds, second_signal):
    """The end of the wait, or a second signal, ends the call with BYE."""
    alto, udp = start(seconds)
    name = f'@alto-test-{alto.directory.name}'  # an abstract socket this time
    with Manager(name) as manager, alto:
        assert manager.next()['READY'] == '1'
        accounts = alto.company()
        with two_phones(alto, accounts) as (anna, bruno):
            call(anna, bruno)
            alto.process.send_signal(signal.SIGTERM)
            told = manager.next()
            assert told['STOPPING'] == '1' and f'1 in progress have {seconds} s' in told['STATUS'], told
            if second_signal:  # else it may be over at any moment
                while_it_waits(alto, udp)
                alto.process.send_signal(second_signal)
            for phone in (anna, bruno):
                phone.wait_for('CALL_CLOSED')
            assert alto.process.wait(PATIENCE) == 0
        assert not (alto.data / 'alto.sock').exists()
        row = row_after(alto)
        assert (row['cause'], row['ended_by'], row['status']) == ('shutdown', 'alto', 200) and row['ended'], row
        byes = [m['text'] for m in told_of(alto, row['id']) if m['text'].startswith('BYE ')]
        assert len(byes) == 2, byes
        for bye in byes:
            assert '\r\nReason: SIP;cause=503;text="Shutting down"\r\n' in bye, bye
        alto.start()


def told_of(alto, call_id):
    alto.start()
    messages = alto.api('GET', f'/api/v1/calls/{call_id}/messages')[1]['items']
    alto.stop()
    return messages


def ends_by_itself():
    """A call that ends within the time is not cut off, and nothing waits any longer."""
    alto, _ = start(3600)
    with alto:
        accounts = alto.company()
        with two_phones(alto, accounts) as (anna, bruno):
            call(anna, bruno)
            alto.process.send_signal(signal.SIGTERM)
            alto.log.wait_for('serve.stopping')
            bruno.command('hangup')
            anna.wait_for('CALL_CLOSED')
            assert alto.process.wait(PATIENCE) == 0
        row = row_after(alto)
        assert (row['cause'], row['ended_by']) == ('answered', 'callee'), row
        alto.start()


refused_then_ended(2, None)
refused_then_ended(3600, signal.SIGTERM)
refused_then_ended(3600, signal.SIGINT)
ends_by_itself()
