"""A DNS server for the names of a test, over UDP: A and SRV records, NXDOMAIN for all else (RFC 1035, RFC 2782)."""
import socket
import struct
import threading

A, SRV = 1, 33


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
