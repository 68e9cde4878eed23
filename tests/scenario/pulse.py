"""A sound server of the test's own (PulseAudio): microphones that play a tone, speakers that are listened to; either can be
unplugged and plugged in again."""
import os
import struct
import subprocess
import threading
import time

from server import PATIENCE, Lines
from sound import energy_at, share_in

RATE = 8000
TENTH = RATE // 10
SILENT = 10  # of 32767: what a sound server makes of silence


class Pulse:
    def __init__(self, directory):
        self.directory = directory / 'pulse'
        self.directory.mkdir()
        self.settings = {'PULSE_SERVER': f'unix:{self.directory}/native'}
        self.environment = {**os.environ, **self.settings, 'HOME': str(self.directory), 'PULSE_RUNTIME_PATH': str(self.directory)}
        self.modules, self.ears = {}, {}

    def __enter__(self):
        self.process = subprocess.Popen(
            ['pulseaudio', '-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', '--disable-shm', '--realtime=no',
             '--high-priority=no', '--log-target=stderr', '--log-level=info',
             '-L', f'module-native-protocol-unix socket={self.directory}/native auth-anonymous=1'],
            text=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.environment)
        Lines(self.process.stderr).wait_for('Daemon startup complete')
        return self

    def __exit__(self, *_):
        for ear in self.ears.values():
            ear.process.terminate()
            ear.process.wait(PATIENCE)
        self.process.terminate()
        self.process.wait(PATIENCE)

    def _load(self, name, *module):
        index = subprocess.run(['pactl', 'load-module', *module], check=True, text=True, stdout=subprocess.PIPE,
                               env=self.environment).stdout
        self.modules[name] = index.strip()

    def microphone(self, name, tone):
        self._load(name, 'module-sine-source', f'source_name={name}', f'frequency={tone}', 'rate=48000')

    def speaker(self, name):
        self._load(name, 'module-null-sink', f'sink_name={name}', 'rate=48000', f'sink_properties=device.description={name}')
        self.ears[name] = Ear(name, self.environment)

    def unplug(self, name):
        if name in self.ears:
            ear = self.ears.pop(name)
            ear.process.terminate()
            ear.process.wait(PATIENCE)
        subprocess.run(['pactl', 'unload-module', self.modules.pop(name)], check=True, env=self.environment)


class Ear:
    """Hears what a speaker plays, from now on."""

    def __init__(self, name, environment):
        self.name, self.heard, self.news = name, bytearray(), threading.Condition()
        self.process = subprocess.Popen(
            ['parec', '-d', f'{name}.monitor', '--format=s16le', f'--rate={RATE}', '--channels=1', '--latency-msec=50'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while more := self.process.stdout.read1(65536):
            with self.news:
                self.heard += more
                self.news.notify_all()

    def _since(self, at):
        values = struct.unpack(f'<{(len(self.heard) - at) // 2}h', self.heard[at:len(self.heard) & ~1])
        return values

    def _until(self, holds, what):
        with self.news:
            assert self.news.wait_for(holds, PATIENCE), f'{self.name}: {what}'

    def plays(self, tone):
        """Waits until the newest half second is this tone and hardly anything else."""
        self._until(lambda: loud(values := self._since(max(0, len(self.heard) - RATE) & ~1)) and
                    share_in(values, RATE, tone) > 0.9, f'{tone} Hz is not heard alone')

    def is_silent(self):
        self._until(lambda: not loud(self._since(max(0, len(self.heard) - RATE) & ~1)), 'something is heard')

    def rings(self, tones, times):
        """Waits until this has sounded so often, and between each time it was silent for a second at least."""
        at, begun = len(self.heard) & ~1, time.monotonic()

        def rung():
            values, count, rest = self._since(at), 0, TENTH * 10
            for i in range(0, len(values) - TENTH + 1, TENTH):
                piece = values[i:i + TENTH]
                if not loud(piece):
                    rest += TENTH
                elif sum(energy_at(piece, RATE, t) for t in tones) > 0.8 * sum(v * v for v in piece):
                    count += rest >= TENTH * 10
                    rest = 0
            return count >= times
        self._until(rung, f'it did not ring {times} times')
        print(f'{self.name} rang {times} times in {time.monotonic() - begun:.1f} s', flush=True)


def loud(values):
    return any(abs(v) > SILENT for v in values)
