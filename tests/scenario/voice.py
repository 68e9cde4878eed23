"""Voice from the test's own hand: RTP sent and received packet by packet, in clear or by libsrtp2, which is not Alto's."""
import ctypes
import math
import random
import secrets
import socket
import struct
import threading
import time

from server import PATIENCE
from sound import energy_at

PCMU, PCMA, EVENTS = 0, 8, 101
# name: (bytes of key and salt, the library's function that describes it)
SUITES = {
    'AES_CM_128_HMAC_SHA1_80': (30, 'srtp_crypto_policy_set_rtp_default'),
    'AES_CM_128_HMAC_SHA1_32': (30, 'srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32'),
    'AEAD_AES_128_GCM': (28, 'srtp_crypto_policy_set_aes_gcm_128_16_auth'),
    'AEAD_AES_256_GCM': (44, 'srtp_crypto_policy_set_aes_gcm_256_16_auth'),
}


class _Protection(ctypes.Structure):  # srtp_crypto_policy_t
    _fields_ = [(name, ctypes.c_int) for name in
                ('cipher_type', 'cipher_key_len', 'auth_type', 'auth_key_len', 'auth_tag_len', 'sec_serv')]


class _Policy(ctypes.Structure):  # srtp_policy_t
    _fields_ = [('ssrc_type', ctypes.c_int), ('ssrc', ctypes.c_uint), ('rtp', _Protection), ('rtcp', _Protection),
                ('key', ctypes.c_char_p), ('keys', ctypes.c_void_p), ('num_master_keys', ctypes.c_ulong),
                ('deprecated_ekt', ctypes.c_void_p), ('window_size', ctypes.c_ulong), ('allow_repeat_tx', ctypes.c_int),
                ('enc_xtn_hdr', ctypes.c_void_p), ('enc_xtn_hdr_count', ctypes.c_int), ('next', ctypes.c_void_p)]


_library = None


def _srtp():
    global _library
    if _library is None:
        _library = ctypes.CDLL('libsrtp2.so.1')
        assert _library.srtp_init() == 0
    return _library


class Srtp:
    """One direction of one key."""

    def __init__(self, suite, key, sending):
        self.library = _srtp()
        size, describe = SUITES[suite]
        assert len(key) == size, (suite, len(key))
        policy = _Policy(ssrc_type=3 if sending else 2, key=key, window_size=128)
        getattr(self.library, describe)(ctypes.byref(policy.rtp))
        # RFC 4568 §6.2.2: the short tag is for voice alone, reports have the long one.
        getattr(self.library, SUITES['AES_CM_128_HMAC_SHA1_80' if suite.endswith('_32') else suite][1])(
            ctypes.byref(policy.rtcp))
        self.context = ctypes.c_void_p()
        assert self.library.srtp_create(ctypes.byref(self.context), ctypes.byref(policy)) == 0

    def _run(self, function, packet):
        buffer = ctypes.create_string_buffer(bytes(packet), len(packet) + 256)
        n = ctypes.c_int(len(packet))
        status = getattr(self.library, function)(self.context, buffer, ctypes.byref(n))
        return None if status else buffer.raw[:n.value]

    def protect(self, packet, rtcp=False):
        made = self._run('srtp_protect_rtcp' if rtcp else 'srtp_protect', packet)
        assert made is not None
        return made

    def unprotect(self, packet):
        """None if it is not authentic."""
        return self._run('srtp_unprotect', packet)


def mu_law(sample):
    """ITU-T G.711 §3.2: one sample of 16 bits as one byte."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 15) & 0xff


def linear(byte):
    """ITU-T G.711 §3.2: a byte of mu-law as a sample."""
    byte = ~byte & 0xff
    magnitude = ((byte & 15) << 3) + 132 << (byte >> 4 & 7)
    return (132 - magnitude) if byte & 0x80 else (magnitude - 132)


class Packet:
    def __init__(self, data, source):
        self.source = source
        self.marker, self.payload_type = data[1] >> 7, data[1] & 127
        self.sequence, self.timestamp, self.ssrc = struct.unpack('>HII', data[2:12])
        self.payload = data[12:]


class Voice:
    """A pair of ports. What arrives is kept; `to` is where the other side listens."""

    def __init__(self, host='127.0.0.1', port=0):
        self.host = host
        self.family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self.rtp, self.rtcp, self.port = self._sockets(port)
        self.to = None
        self.ssrc, self.sequence, self.timestamp = random.getrandbits(32), random.getrandbits(15), random.getrandbits(31)
        self.send_cipher = self.receive_cipher = None
        self.packets, self.broken = [], 0
        self.news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _sockets(self, wanted):
        for port in [wanted] if wanted else random.sample(range(40000, 60000, 2), 10000):
            rtp, rtcp = (socket.socket(self.family, socket.SOCK_DGRAM) for _ in range(2))
            try:
                rtp.bind((self.host, port))
                rtcp.bind((self.host, port + 1))
                return rtp, rtcp, port
            except OSError:
                rtp.close()
                rtcp.close()
        raise AssertionError('no pair of ports')

    def _listen(self):
        while True:
            data, source = self.rtp.recvfrom(2048)
            if not data:
                return
            whole = self.receive_cipher.unprotect(data) if self.receive_cipher else data
            with self.news:
                if whole is None:
                    self.broken += 1
                else:
                    self.packets.append(Packet(whole, source[:2]))
                self.news.notify_all()

    def close(self):
        with socket.socket(self.family, socket.SOCK_DGRAM) as s:
            s.sendto(b'', (self.host, self.port))

    # ---- what is sent ----

    def packet(self, payload=bytes(160), payload_type=PCMU, marker=0, step=160):
        """The next packet, written down and not sent; encrypted if there is a key."""
        self.sequence = (self.sequence + 1) & 0xffff
        self.timestamp = (self.timestamp + step) & 0xffffffff
        data = struct.pack('>BBHII', 0x80, marker << 7 | payload_type, self.sequence, self.timestamp, self.ssrc) + payload
        return self.send_cipher.protect(data) if self.send_cipher else data

    def send_raw(self, data, rtcp=False):
        (self.rtcp if rtcp else self.rtp).sendto(data, (self.to[0], self.to[1] + rtcp))

    def say(self, letter, count=10):
        """`count` packets of one byte value, by which they are known again."""
        for _ in range(count):
            self.send_raw(self.packet(bytes([letter]) * 160))

    def reaches(self, other):
        """Speaks until the other side hears it: an answer may arrive a moment before the worker has joined the voice."""
        greeting = secrets.token_bytes(160)
        for _ in range(PATIENCE * 50):
            self.send_raw(self.packet(greeting))
            with other.news:
                if other.news.wait_for(lambda: any(p.payload == greeting for p in other.packets), 0.02):
                    return
        raise AssertionError(f'nothing arrives, {other.broken} broken')

    def goodbye(self, ssrc):
        """An RTCP BYE of that source, after the report that must stand before it (RFC 3550 §6.1)."""
        data = struct.pack('>BBHI', 0x80, 201, 1, ssrc) + struct.pack('>BBHI', 0x81, 203, 1, ssrc)
        return self.send_cipher.protect(data, rtcp=True) if self.send_cipher else data

    def tone(self, frequency, seconds):
        """A tone at the pace of speech."""
        start = time.monotonic()
        for i in range(int(seconds * 50)):
            self.send_raw(self.packet(bytes(
                mu_law(int(10000 * math.sin(2 * math.pi * frequency * (i * 160 + k) / 8000))) for k in range(160))))
            time.sleep(max(0.0, start + (i + 1) * 0.02 - time.monotonic()))

    def speaks_to(self, phone, frequency):
        """A tone, until baresip hears it: on a busy machine some of it comes late, and is made good there."""
        for _ in range(2 * PATIENCE):
            self.tone(frequency, 0.5)
            if phone.share_of(frequency) > 0.9:
                return
        raise AssertionError(f'{phone.directory.name} does not hear {frequency} Hz')

    # ---- what has arrived ----

    def letters(self):
        """Which bytes have been said, greetings aside."""
        with self.news:
            return {p.payload[0] for p in self.packets if len(set(p.payload)) == 1}

    def count(self, letter):
        with self.news:
            return sum(p.payload == bytes([letter]) * 160 for p in self.packets)

    def hears(self, letter, count=10):
        """Waits until so many packets of this byte have come; they are then exactly so many."""
        with self.news:
            assert self.news.wait_for(lambda: sum(p.payload == bytes([letter]) * 160 for p in self.packets) >= count, PATIENCE), \
                f'{count} packets of {letter}: {[(p.payload[0], p.payload_type) for p in self.packets]}, {self.broken} broken'
        assert self.count(letter) == count, (letter, self.count(letter))

    def wait_for(self, wanted):
        """The first packet for which `wanted` is true."""
        def found():
            return next((p for p in self.packets if wanted(p)), None)
        with self.news:
            assert self.news.wait_for(found, PATIENCE), f'no such packet among {len(self.packets)}, {self.broken} broken'
            return found()

    def hears_tone(self, frequency, packets=25):
        """Waits for half a second of PCMU that is no letter, and measures it; which part of it the tone is."""
        def sound():
            return [p for p in self.packets if p.payload_type == PCMU and len(set(p.payload)) > 4]
        with self.news:
            assert self.news.wait_for(lambda: len(sound()) >= packets, PATIENCE), f'{len(self.packets)}, {self.broken} broken'
            values = [linear(b) for p in sound()[-packets:] for b in p.payload]
        pieces = [values[i:i + 800] for i in range(0, len(values) - 799, 800)]
        share = sum(energy_at(p, 8000, frequency) for p in pieces) / max(1, sum(v * v for p in pieces for v in p))
        assert share > 0.9, f'{frequency} Hz is {share:.3f} of what arrived'
        return share
