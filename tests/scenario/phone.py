"""baresip as a phone, driven over its ctrl_tcp module: a tone as its microphone, what it hears kept in a file."""
import json
import pathlib
import queue
import socket
import subprocess
import threading
import time

from server import PATIENCE, Lines, free_port
from sound import tone_share_now

MODULES = pathlib.Path('/usr/lib/baresip/modules')


class Phone:
    def __init__(self, directory, name, account, tone, server, certificate=None, transport='tls', encryption='srtp-mand',
                 codecs='PCMA/8000/1', extension='', domain='acme.example', register=True, ptime_ms=20,
                 settings='', browser=False, host='127.0.0.1', contacts=''):
        self.directory = pathlib.Path(directory) / name
        self.sounds, self.tone = self.directory / 'sounds', tone
        self.sounds.mkdir(parents=True)
        self.port = free_port()
        modules = ['g711.so', 'g722.so', 'opus.so', 'ausine.so', 'aubridge.so', 'sndfile.so', 'srtp.so']
        if browser:  # as one: DTLS-SRTP, ICE, one port
            modules += ['dtls_srtp.so', 'ice.so']
            encryption, settings = 'dtls_srtp', ';medianat=ice;rtcp_mux=yes' + settings
        (self.directory / 'config').write_text(
            f'module_path {MODULES}\nsip_listen {host}:0\nnet_interface {host}\n'
            + (f'sip_cafile {certificate}\n' if certificate else '')
            + f'audio_source ausine,{tone}\naudio_player aubridge,{name}\naudio_alert aubridge,{name}-alert\n'
            f'ausrc_srate 48000\nauplay_srate 8000\nausrc_channels 2\nauplay_channels 1\n'
            + ('rtcp_mux yes\n' if browser else '') +
            f'snd_path {self.sounds}\nctrl_tcp_listen 127.0.0.1:{self.port}\n'
            + ''.join(f'module {m}\n' for m in modules)
            + 'module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n'
            + ('module_app contact.so\n' if contacts else ''))
        user, password = account
        encrypted = f';mediaenc={encryption}' if encryption else ''
        (self.directory / 'accounts').write_text(
            f'<sip:{extension}@{domain};transport={transport}>;outbound="sip:{server};transport={transport}"'
            f';auth_user={user};auth_pass={password};audio_codecs={codecs}{encrypted}'
            f';regint={60 if register else 0};answermode=manual;ptime={ptime_ms}{settings}\n')
        (self.directory / 'contacts').write_text(contacts)
        self.events = queue.Queue()

    def start(self):
        self.process = subprocess.Popen(['baresip', '-f', str(self.directory), '-v', '-s'], text=True, errors='replace',
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = Lines(self.process.stdout)
        self.output.wait_for('baresip is ready')
        self.control = socket.create_connection(('127.0.0.1', self.port), timeout=PATIENCE)
        self.control.settimeout(None)
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def _listen(self):
        """Netstrings with JSON: events and the answers to commands."""
        held = b''
        while True:
            try:
                more = self.control.recv(65536)
            except OSError:
                more = b''
            if not more:
                self.events.put({'type': 'ENDED'})
                return
            held += more
            while b':' in held:
                length, rest = held.split(b':', 1)
                if len(rest) <= int(length):
                    break
                self.events.put(json.loads(rest[:int(length)]))
                held = rest[int(length) + 1:]

    def command(self, name, params=''):
        text = json.dumps({'command': name, 'params': params, 'token': name}).encode()
        self.control.sendall(b'%d:%s,' % (len(text), text))

    def wait_for(self, *kinds):
        """The next event of one of these types; those before it are let go."""
        seen = []
        while True:
            try:
                event = self.events.get(timeout=PATIENCE)
            except queue.Empty:
                event = {'type': 'ENDED'}
            kind = event.get('type')
            if kind in kinds:
                return event
            seen.append(kind)
            if kind == 'ENDED':
                raise AssertionError(f'{self.directory.name}: none of {kinds} came, only {seen}\n' +
                                     '\n'.join(self.output.all[-40:]))

    def registered(self):
        """Waits for the answer to its REGISTER; the event may have gone out before anybody listened."""
        self.output.wait_for('200 OK () [')

    def change(self, command):
        """A command that changes the session, such as hold: done when its re-INVITE has been answered."""
        start = len(self.output.all)
        self.command(command)
        self.output.wait_for('ACK sip:', start=start)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def heard(self):
        """The file with the sound that arrived in the last call; whole once the call has ended."""
        return max(self.sounds.glob('dump-*-dec.wav'), key=lambda p: p.stat().st_mtime_ns, default=None)

    def share_of(self, tone):
        """Which part of the newest half second that it has heard is this tone: its file is looked at while it is written."""
        path = self.heard()
        return tone_share_now(path, tone) if path and path.stat().st_size > 44 else 0.0

    def hears(self, tone, least=0.9):
        """Waits until what arrives is this tone and hardly anything else."""
        until = time.monotonic() + PATIENCE
        while (share := self.share_of(tone)) < least:
            assert time.monotonic() < until, f'{self.directory.name}: {share:.3f} of what was heard last is {tone} Hz'
            time.sleep(0.05)
        print(f'{self.directory.name} hears {tone} Hz: {share:.3f} of the energy', flush=True)

    def forget(self):
        """What it has heard so far, so that it is not taken for what comes in the next call."""
        for path in self.sounds.glob('dump-*.wav'):
            path.unlink()
