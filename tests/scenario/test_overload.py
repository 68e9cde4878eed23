"""More comes than can be done: new calls are refused at once and cheaply, those in progress go on, and it is told."""
import pathlib
import re
import signal
import socket
import threading
import time

from server import PATIENCE, Alto, free_port, wait_until
from softphone import Softphone, talk, talk_once_taken

INVITE = ('INVITE sip:102@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{n};rport\r\nMax-Forwards: 70\r\n'
          'From: <sip:101@acme.example>;tag={n}\r\nTo: <sip:102@acme.example>\r\nCall-ID: crowd-{n}\r\nCSeq: 1 INVITE\r\n'
          'Contact: <sip:101@{at}>\r\nContent-Length: 0\r\n\r\n')


LISTENERS = 4  # each with a buffer of its own: together they hold more than is worked off in a tenth of a second


class Crowd:
    """INVITEs of an operator, each new: each time more than the program, held meanwhile, works off at once. 16 sockets a listener hold
    as much as it does.
    """

    def __init__(self, ports, process):
        self.ports, self.process, self.ends = ports, process, False
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(16 * len(ports))]
        self.refusal = None
        for n, s in enumerate(self.sockets):
            s.bind((f'127.0.2.{1 + n}', 0))
            s.setblocking(False)
        self.names = {s: '%s:%d' % s.getsockname() for s in self.sockets}
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.thread.join()
        for s in self.sockets:
            s.close()

    def _read(self, s):
        try:
            while True:
                said = s.recv(65536).decode()
                if said.startswith('SIP/2.0 503 '):
                    self.refusal = said
        except BlockingIOError:
            return

    def _run(self):
        until, n = time.monotonic() + PATIENCE, 0
        while not self.ends and time.monotonic() < until:
            self.process.send_signal(signal.SIGSTOP)
            for _ in range(4000 * len(self.ports)):
                n += 1
                s = self.sockets[n % len(self.sockets)]
                try:
                    s.sendto(INVITE.format(at=self.names[s], n=n).encode(), ('127.0.0.1', self.ports[n % len(self.ports)]))
                except BlockingIOError:
                    break
            self.process.send_signal(signal.SIGCONT)
            while waiting(self.ports) and not self.ends and time.monotonic() < until:
                time.sleep(0.001)  # between two looks
            for s in self.sockets:
                self._read(s)


def refused(alto):
    return int(re.search(r'^alto_overload_refused_total (\d+)$', alto.api('GET', '/metrics')[1], re.M).group(1))


def waiting(ports):
    """Bytes that the kernel holds for the sockets on these ports, by its table: local address, ..., tx_queue:rx_queue."""
    lines = [line.split() for line in pathlib.Path('/proc/net/udp').read_text().splitlines()[1:]]
    held = [int(fields[4].split(':')[1], 16) for fields in lines if int(fields[1].split(':')[1], 16) in ports]
    return sum(held) or len(held) < len(ports)  # a line may be missing while others come and go: it is looked for again


udp, tls = [free_port() for _ in range(LISTENERS)], free_port()
with Alto({'sip_udp': [f'127.0.0.1:{port}' for port in udp], 'sip_tls': [f'127.0.0.1:{tls}']}, plain_rtp=True) as alto:
    accounts = alto.company(srtp='off')
    # An operator's: of strangers so much would not be read at all.
    alto.command('trunk', 'add', '--shared', 'crowd', '--host', '127.0.2.1', '--from', '127.0.2.0/24', '--transport', 'udp', '--srtp',
                 'off')
    server = ('127.0.0.1', tls)
    with Softphone(accounts['101']['desk'], '101', server, 'tls') as ann, \
            Softphone(accounts['102']['desk'], '102', server, 'tls') as bob:
        ann.register()
        bob.register()
        a, b = talk(ann, bob, '102')
        with Crowd(udp, alto.process) as crowd:
            wait_until(lambda: refused(alto) and crowd.refusal, 'refusal for overload')
            a.voice.say(1)
            b.voice.hears(1)
            assert a.ask('OPTIONS').status == 200
            a.hang_up()
            b.ended()
            assert 'more comes in than this node can do' in alto.command('status')
        assert re.search(r'\r\nRetry-After: ([5-9]|1[0-4])\r\n', crowd.refusal), crowd.refusal
        row = alto.last_call()
        assert (row['cause'], row['ended_by']) == ('answered', 'caller'), row
        # What waits in the socket is still the crowd's; after that all is as before.
        wait_until(lambda: waiting(udp) == 0, 'end of what waited')
        a, b = talk_once_taken(ann, bob, '102')
        b.hang_up()
        a.ended()
    print(f'{refused(alto)} of the crowd were turned away, and the call in progress went on to its end')
