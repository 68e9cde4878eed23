"""Measuring sound: how strong a tone is in a file, against everything else in it (Goertzel)."""
import math
import struct
import wave


def write_tone(path, frequency, rate=48000):
    """A second of it, which can be repeated without a seam."""
    with wave.open(str(path), 'wb') as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(b''.join(struct.pack('<h', round(10000 * math.sin(2 * math.pi * frequency * i / rate)))
                               for i in range(rate)))


def samples(path):
    with wave.open(str(path)) as w:
        assert w.getsampwidth() == 2
        frames, rate, channels = w.readframes(w.getnframes()), w.getframerate(), w.getnchannels()
    values = struct.unpack(f'<{len(frames) // 2}h', frames)
    return values[::channels], rate


def tone_share_now(path, frequency, seconds=0.5):
    """Which part of the energy of the newest sound is this tone, in a WAV file that is still being written, whose header
    does not say yet how long it is; 0.0 before there is so much."""
    head = path.read_bytes()
    rate, channels = struct.unpack('<I', head[24:28])[0], struct.unpack('<H', head[22:24])[0]
    n = int(rate * seconds) * channels * 2
    body = head[44:]
    if len(body) < n:
        return 0.0
    return share_in(struct.unpack(f'<{n // 2}h', body[len(body) // 2 * 2 - n:len(body) // 2 * 2])[::channels], rate, frequency)


def share_in(values, rate, frequency):
    """Which part of the energy of these is this tone."""
    # A long tone drifts out of one narrow bin: look at tenths of a second.
    pieces = [values[i:i + rate // 10] for i in range(0, len(values), rate // 10)]
    total = sum(v * v for v in values)
    return sum(energy_at(p, rate, frequency) for p in pieces) / total if total else 0.0


def energy_at(values, rate, frequency):
    w = 2 * math.pi * frequency / rate
    a = b = 0.0
    for v in values:
        a, b = v + 2 * math.cos(w) * a - b, a
    return (a * a + b * b - 2 * math.cos(w) * a * b) / len(values) * 2


def tones_in(path, *frequencies):
    """How many tenths of a second of the file are each of these tones."""
    values, rate = samples(path)
    step, found = rate // 10, dict.fromkeys(frequencies, 0)
    for i in range(0, len(values) - step + 1, step):
        piece = values[i:i + step]
        total = sum(v * v for v in piece)
        for f in frequencies:
            found[f] += total > 0 and energy_at(piece, rate, f) > 0.8 * total
    return found
