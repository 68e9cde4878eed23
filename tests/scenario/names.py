"""A DNS server for the names of a test, over UDP: A and SRV records, NXDOMAIN for all else (RFC 1035, RFC 2782)."""
import os
import pathlib
import socket
import struct
import sys
import tempfile
import threading

A, SRV = 1, 33


def in_a_world_of_its_own():
    """Run again where /etc/resolv.conf and port 53 are ours: in namespaces of a user of our own, which needs no right."""
    if os.environ.get('ALTO_NAMESPACE'):
        pathlib.Path(os.environ['ALTO_RESOLV']).unlink()
        return
    os.environ['ALTO_NAMESPACE'] = 'yes'
    with tempfile.NamedTemporaryFile('w', suffix='.conf', delete=False) as resolv:
        resolv.write('nameserver 127.0.0.1\n')
    os.environ['ALTO_RESOLV'] = resolv.name
    script = 'ip link set lo up && mount --bind "$ALTO_RESOLV" /etc/resolv.conf && exec "$@"'
    os.execvp('unshare', ['unshare', '--user', '--map-root-user', '--net', '--mount', 'sh', '-c', script, 'sh',
                          sys.executable, *sys.argv])


def encode(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.rstrip('.').split('.')) + b'\0'


def decode(message, at):
    labels = []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode().lower())
        at += message[at] + 1
    return '.'.join(labels), at + 1


class Names:
    """records: {(name, A): ['127.0.0.2'], (name, SRV): [(priority, weight, port, target)]}"""

    def __init__(self, records, address=('127.0.0.1', 53)):
        self.records, self.asked = records, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(address)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                message, client = self.socket.recvfrom(4096)
            except OSError:
                return
            self.socket.sendto(self.answer(message), client)

    def answer(self, message):
        name, end = decode(message, 12)
        kind, _ = struct.unpack('!HH', message[end:end + 4])
        self.asked.append((name, kind))
        found = [self.data(kind, value) for value in self.records.get((name, kind), [])]
        exists = any(known == name for known, _ in self.records)
        head = message[:2] + struct.pack('!HHHHH', 0x8580 | (0 if exists else 3), 1, len(found), 0, 0)
        body = b''.join(encode(name) + struct.pack('!HHIH', kind, 1, 60, len(data)) + data for data in found)
        return head + message[12:end + 4] + body

    def data(self, kind, value):
        if kind == A:
            return socket.inet_aton(value)
        priority, weight, port, target = value
        return struct.pack('!HHH', priority, weight, port) + encode(target)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
