"""The codes of an app (RFC 6238), said a second time: src/crypto is what is tested."""
import base64
import hashlib
import hmac
import struct
import time


def code_of(secret, at_step):
    digest = hmac.new(base64.b32decode(secret), struct.pack('>Q', at_step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return '%06d' % ((struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1000000)


def step():
    return int(time.time()) // 30
