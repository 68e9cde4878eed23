"""tshark on the test's own loopback ports: what somebody on the wire would see."""
import pathlib
import subprocess

from server import PATIENCE, Lines


class Capture:
    def __init__(self, directory, expression):
        self.path = pathlib.Path(directory) / 'capture.pcap'
        self.expression = expression

    def __enter__(self):
        self.process = subprocess.Popen(['tshark', '-i', 'lo', '-f', self.expression, '-w', str(self.path), '-F', 'pcap'],
                                        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        Lines(self.process.stderr).wait_for('Capture started')
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def payloads(self, port_low=0, port_high=65535):
        """The bytes above IP and UDP or TCP of each packet, in order: (protocol, source port, destination port, payload)."""
        import struct
        data = self.path.read_bytes()
        magic, *_rest, link = struct.unpack('<IHHiIII', data[:24])
        assert magic in (0xa1b2c3d4, 0xa1b23c4d) and link == 1
        at = 24
        while at + 16 <= len(data):
            length = struct.unpack('<I', data[at + 8:at + 12])[0]
            frame = data[at + 16:at + 16 + length]
            at += 16 + length
            if frame[12:14] != b'\x08\x00':
                continue
            ip = frame[14:]
            inner = ip[(ip[0] & 15) * 4:struct.unpack('>H', ip[2:4])[0]]
            source, destination = struct.unpack('>HH', inner[:4])
            if ip[9] == 17:
                yield 'udp', source, destination, inner[8:]
            elif ip[9] == 6:
                yield 'tcp', source, destination, inner[(inner[12] >> 4) * 4:]
