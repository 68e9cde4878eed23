"""The servers under measurement: how each is started on its core, looked at, and ended."""
import base64
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

SERVER_CORE, LOAD_CORE = 0, 1
CALLER, CALLEE = '127.0.0.2:5062', '127.0.0.3:5064'
PASSWORD = 'bench-secret'
DOMAIN = 'bench.invalid'
FIRST_EXTENSION, ACCOUNTS = 2000, 1000
SEALED_EXTENSION, SEALED_ACCOUNTS = 10000, 5000  # phones over TLS, voice by SRTP alone
SHA256_EXTENSION = 20000  # as many as ACCOUNTS
SRTP_SUITE = 'AEAD_AES_128_GCM'
MEMORY_BACKED = {'tmpfs', 'ramfs', 'devtmpfs', 'overlay-on-tmpfs'}


class Trouble(Exception):
    """What stops one measurement, in a sentence for the table."""


def filesystem_of(path):
    """(device, type) of the file system that holds path."""
    best = ('', 'unknown', '')
    real = os.path.realpath(path)
    with open('/proc/mounts', encoding='utf-8') as mounts:
        for line in mounts:
            device, point, kind = line.split()[:3]
            inside = real == point or real.startswith(point.rstrip('/') + '/')
            if inside and len(point) >= len(best[2]):
                best = (device, kind, point)
    return best[0], best[1]


def on_core(core):
    """For preexec_fn: the child and all its threads on one core, with as many descriptors as the system gives."""
    def prepare():
        os.sched_setaffinity(0, {core})
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        for limit in ((262144, 262144), (hard, hard)):
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, limit)
                return
            except (ValueError, OSError):
                continue
    return prepare


class Server:
    """A process tree on the server's core. Used with `with`: what it started ends with the block."""
    name = ''
    address = ''
    load_options = []  # what the generators are told to speak with it

    def __init__(self, work):
        self.work = work
        self.process = None
        self.bad_end = None  # how it ended, when that was not in order
        self.log_path = work / f'{type(self).__name__.lower()}.log'

    def command(self):
        raise NotImplementedError

    def prepare(self):
        """Before the start."""

    def wait_ready(self):
        raise NotImplementedError

    def __enter__(self):
        self.prepare()
        with open(self.log_path, 'wb') as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=on_core(SERVER_CORE))
        try:
            self.wait_ready()
            self.check_core()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *unused):
        self.stop()

    def last_words(self):
        lines = self.log_path.read_text(errors='replace').strip().splitlines()
        return lines[-1][:200] if lines else 'it said nothing'

    def poll(self):
        if self.process.poll() is not None:
            raise Trouble(f'{self.name} ended by itself ({self.process.returncode}): {self.last_words()}')

    def wait_until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            self.poll()
            if time.monotonic() > end:
                raise Trouble(f'{self.name}: {what} took more than {seconds} s')
            time.sleep(0.05)

    def pids(self):
        children = {}
        for entry in os.listdir('/proc'):
            if entry.isdigit():
                try:
                    stat = pathlib.Path('/proc', entry, 'stat').read_text()
                except OSError:
                    continue
                children.setdefault(int(stat.rpartition(')')[2].split()[1]), []).append(int(entry))
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += children.get(pid, [])
        return found

    def check_core(self):
        for pid in self.pids():
            for task in os.listdir(f'/proc/{pid}/task'):
                if os.sched_getaffinity(int(task)) != {SERVER_CORE}:
                    os.sched_setaffinity(int(task), {SERVER_CORE})

    def cpu(self):
        """Nanoseconds on the CPU by thread, of the whole tree."""
        times = {}
        for pid in self.pids():
            try:
                for task in os.listdir(f'/proc/{pid}/task'):
                    text = pathlib.Path(f'/proc/{pid}/task/{task}/schedstat').read_text()
                    times[int(task)] = int(text.split()[0])
            except OSError:
                continue
        return times

    def cpu_since(self, before):
        """Seconds."""
        return sum(ns - before.get(task, 0) for task, ns in self.cpu().items()) / 1e9

    def memory_kib(self):
        """Anonymous memory, which is what calls take. Shared memory of forked processes counts once."""
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
                if line.startswith('RssAnon:'):
                    total += int(line.split()[1])
        return total

    def settle(self, seconds=4.0):
        """Until what a load left behind has been worked off."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = self.cpu()
            time.sleep(0.25)
            if self.cpu_since(before) < 0.25 * 0.03:
                return

    def stop(self):
        pids = self.pids() if self.process.poll() is None else []
        if pids:
            self.process.send_signal(signal.SIGTERM)
            try:
                if self.process.wait(10) != 0:
                    self.bad_end = f'{self.name} ended with status {self.process.returncode}: {self.last_words()}'
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                self.bad_end = f'{self.name} did not end within 10 s of SIGTERM'
        for pid in pids[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Kamailio(Server):
    name = 'Kamailio'
    address = '127.0.0.10:5070'
    load_options = ['--domain', address, '--password', PASSWORD]

    @staticmethod
    def version():
        path = shutil.which('kamailio', path='/usr/sbin:/usr/bin:/sbin:/bin')
        if not path:
            return None
        out = subprocess.run([path, '-v'], capture_output=True, text=True, check=False).stdout
        return out.split('version: ')[-1].split(' (')[0].strip() or 'unknown'

    def prepare(self):
        text = pathlib.Path(__file__).with_name('kamailio.cfg').read_text()
        words = text.replace('SERVER', self.address).replace('PASSWORD', PASSWORD).replace('CALLEE', CALLEE)
        self.config = self.work / 'kamailio.cfg'
        self.config.write_text(words)

    def command(self):
        path = shutil.which('kamailio', path='/usr/sbin:/usr/bin:/sbin:/bin')
        return [path, '-DD', '-E', '-b', '4194304', '-m', '1024', '-M', '32', '-f', str(self.config), '-Y',
                str(self.work)]

    def wait_ready(self):
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with probe:
            probe.bind(('127.0.0.2', 0))
            probe.setblocking(False)
            host, port = self.address.split(':')
            local = '%s:%d' % probe.getsockname()
            # Max-Forwards 0 is answered by the proxy itself.
            text = (f'OPTIONS sip:{self.address} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKprobe\r\n'
                    f'From: <sip:probe@{local}>;tag=1\r\nTo: <sip:{self.address}>\r\nCall-ID: probe@{local}\r\n'
                    'CSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n').encode()

            def answered():
                try:
                    probe.sendto(text, (host, int(port)))
                    time.sleep(0.1)
                    return bool(probe.recv(4096))
                except OSError:
                    return False
            self.wait_until(answered, 15, 'starting')
        self.settle()


class Answerer(Server):
    name = 'null answerer'
    address = '127.0.0.12:5070'
    load_options = ['--counterfeit']

    def __init__(self, work, build):
        super().__init__(work)
        self.build = build

    def command(self):
        return [str(self.build / 'bench' / 'bench_answerer'), self.address, CALLER, CALLEE]

    def wait_ready(self):
        self.wait_until(lambda: b'ready' in self.log_path.read_bytes(), 5, 'starting')


class Forwarder(Answerer):
    name = 'bare forwarder'
    address = '127.0.0.14:20000'
    load_options = ['--relay', address, '--relay-gap', '2']

    def __init__(self, work, build, calls):
        super().__init__(work, build)
        self.calls = calls

    def command(self):
        host, port = self.address.split(':')
        return [str(self.build / 'bench' / 'bench_forward'), host, port, str(self.calls)]


class RtpEngine(Server):
    """rtpengine in user space with one worker; its calls are made here, over its ng protocol (bencode)."""
    name = 'rtpengine'
    host = '127.0.0.15'
    MEDIA_PORT, MEDIA_SOCKETS = 30000, 4  # of rtpload: a leg's port is that of its turn

    def __init__(self, work, calls, srtp_legs=0):
        super().__init__(work)
        self.calls, self.srtp_legs = calls, srtp_legs
        self.legs = work / 'rtpengine.legs'
        self.load_options = ['--legs', str(self.legs)]

    @staticmethod
    def version():
        try:
            said = subprocess.run(['rtpengine', '--version'], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return (said.stdout + said.stderr).strip().removeprefix('Version: ') or None

    def command(self):
        return ['rtpengine', '--foreground', '--log-stderr', '--log-level=4', '--table=-1', '--num-threads=1',
                f'--interface={self.host}', f'--listen-ng={self.host}:2223', '--port-min=20000', '--port-max=40000',
                '--delete-delay=0', '--pidfile=' + str(self.work / 'rtpengine.pid')]

    def wait_ready(self):
        self.cookie = 0
        self.ng = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ng.connect((self.host, 2223))
        self.ng.settimeout(2)

        def answers():
            try:
                return self.ask({'command': 'ping'}).get('result') == 'pong'
            except OSError:
                return False
        self.wait_until(answers, 15, 'starting')
        with open(self.legs, 'w', encoding='ascii') as legs:
            for slot in range(self.calls):
                legs.writelines(line + '\n' for line in self.make_call(slot))
        self.settle()

    def ask(self, question):
        self.cookie += 1
        self.ng.send(b'%d %s' % (self.cookie, bencode(question)))
        while True:  # answers to questions given up before are passed over
            cookie, answer = self.ng.recv(65536).split(b' ', 1)
            if int(cookie) == self.cookie:
                return bdecode(answer)

    def description(self, address, slot, key):
        port = self.MEDIA_PORT + 2 * (slot % self.MEDIA_SOCKETS)
        host = address.split(':')[0]
        secure = f'a=crypto:1 {SRTP_SUITE} inline:{key}\r\n' if key else ''
        return (f'v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n'
                f'm=audio {port} RTP/{"SAVP" if key else "AVP"} 0\r\n{secure}')

    def make_call(self, slot):
        """The lines of both legs: where each sends, and its keys."""
        keys = [base64.b64encode(os.urandom(28)).decode() if side < self.srtp_legs else '' for side in (0, 1)]
        call = {'call-id': f'bench{slot}', 'from-tag': 'a', 'ICE': 'remove', 'rtcp-mux': ['demux']}
        inner = 'RTP/SAVP' if keys[1] else 'RTP/AVP'
        offer = self.ask({**call, 'command': 'offer', 'transport-protocol': inner, 'DTLS': 'off', 'SDES': ['only-' + SRTP_SUITE],
                          'sdp': self.description(CALLER, slot, keys[0])})
        answer = self.ask({**call, 'command': 'answer', 'to-tag': 'b', 'sdp': self.description(CALLEE, slot, keys[1])})
        for said in (offer, answer):
            if said.get('result') != 'ok':
                raise Trouble(f'rtpengine refused a call: {said}')
        return [self.leg('caller', slot, answer['sdp'], keys[0]), self.leg('callee', slot, offer['sdp'], keys[1])]

    @staticmethod
    def leg(side, slot, sdp, key):
        port = re.search(r'^m=audio (\d+) ', sdp, re.M).group(1)
        host = re.search(r'^c=IN IP4 (\S+)', sdp, re.M).group(1)
        theirs = re.search(rf'^a=crypto:1 {SRTP_SUITE} inline:([A-Za-z0-9+/=]+)', sdp, re.M)
        return f'{side} {slot} {host}:{port}' + (f' {SRTP_SUITE} {key} {theirs.group(1)}' if key else '')

    def stop(self):
        if getattr(self, 'ng', None):
            self.ng.close()
        super().stop()


def bencode(value):
    if isinstance(value, dict):
        return b'd' + b''.join(bencode(k) + bencode(v) for k, v in sorted(value.items())) + b'e'
    if isinstance(value, list):
        return b'l' + b''.join(map(bencode, value)) + b'e'
    data = value.encode()
    return b'%d:%s' % (len(data), data)


def bdecode(data):
    """The value that stands first in data; numbers become int, the rest str, list and dict."""
    def one(at):
        kind = data[at:at + 1]
        if kind == b'i':
            end = data.index(b'e', at)
            return int(data[at + 1:end]), end + 1
        if kind in (b'l', b'd'):
            items, at = [], at + 1
            while data[at:at + 1] != b'e':
                item, at = one(at)
                items.append(item)
            return (items if kind == b'l' else dict(zip(items[::2], items[1::2]))), at + 1
        colon = data.index(b':', at)
        end = colon + 1 + int(data[at:colon])
        return data[colon + 1:end].decode(), end
    return one(0)[0]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=10)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Alto(Server):
    """Its data stay from one start to the next: what a server holds that has been in use."""
    name = 'Alto'
    address, tls_address = '127.0.0.11:5070', '127.0.0.11:5071'
    load_options = ['--domain', DOMAIN, '--username-prefix', 'bench', '--password', PASSWORD, '--register']
    # Zero-second calls use many ports: a pair rests for a while before another call gets it. With 20,000 descriptors so
    # many leave enough for 5,000 connections, and for a socket of each phone that speaks (src/descriptors.c).
    CONFIG = '''node: bench
data: DATA
listen:
  sip_udp: ["ADDRESS"]
  sip_tcp: []
  sip_tls: ["TLS"]
  https: []
  admin: []
media: {ports: 20000-28999, workers: 1, plain_rtp: true}
'''

    def __init__(self, work, build):
        super().__init__(work)
        self.build = build
        self.data = work / 'bench-data'

    @staticmethod
    def built(build):
        return os.access(build / 'alto', os.X_OK)

    def version(self):
        connection = UnixConnection(self.data / 'alto.sock')
        try:
            status, text = self.ask(connection, 'GET', '/api/v1/status')
            return json.loads(text)['version'] if status == 200 else 'unknown'
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
            return 'unknown'
        finally:
            connection.close()

    def clear(self):
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        kind = filesystem_of(self.data)[1]
        if kind in MEMORY_BACKED:
            raise Trouble(f'{self.data} is on {kind}: fsync would cost nothing; build on a real disk')

    def prepare(self):
        self.config = self.work / 'bench-alto.yaml'
        self.config.write_text(self.CONFIG.replace('DATA', str(self.data)).replace('ADDRESS', self.address)
                               .replace('TLS', self.tls_address))

    def command(self):
        return [str(self.build / 'alto'), 'serve', '--config', str(self.config), '--data', str(self.data)]

    def ask(self, connection, method, path, body=None):
        headers = {'Content-Type': 'application/json'} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors='replace')
        return answer.status, text

    def metric(self, name):
        """The sum of a metric over all its labels."""
        connection = UnixConnection(self.data / 'alto.sock')
        try:
            lines = self.ask(connection, 'GET', '/metrics')[1].splitlines()
        finally:
            connection.close()
        return sum(float(line.split()[-1]) for line in lines if re.match(rf'{name}[ {{]', line))

    def healthy(self):
        connection = UnixConnection(self.data / 'alto.sock')
        try:
            return self.ask(connection, 'GET', '/healthz')[0] == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self):
        self.wait_until(self.healthy, 15, 'starting')

    def provision(self):
        """One company; each account a user with one device. Many at a time, as the store commits them together."""
        wanted = [(FIRST_EXTENSION + i, 'md5', 'off') for i in range(ACCOUNTS)]
        wanted += [(SHA256_EXTENSION + i, 'sha-256', 'off') for i in range(ACCOUNTS)]
        wanted += [(SEALED_EXTENSION + i, 'md5', 'sdes') for i in range(SEALED_ACCOUNTS)]
        work = threading.local()

        def create(kind, body):
            if not hasattr(work, 'connection'):
                work.connection = UnixConnection(self.data / 'alto.sock')
            status, text = self.ask(work.connection, 'POST', f'/api/v1/{kind}', body)
            if status not in (200, 201):
                raise Trouble(f'Alto refused to create {kind}: {status} {text[:200]}')

        def create_account(account):
            number, digest, srtp = account
            create('users', {'tenant': 'bench', 'login': f'u{number}', 'extension': str(number),
                             'name': f'Bench {number}'})
            create('devices', {'tenant': 'bench', 'user': f'u{number}', 'name': 'phone', 'username': f'bench{number}',
                               'password': PASSWORD, 'digest': digest, 'srtp': srtp})
        try:
            create('tenants', {'name': 'bench', 'domain': DOMAIN})
            with concurrent.futures.ThreadPoolExecutor(32) as pool:
                list(pool.map(create_account, wanted))
        except (OSError, http.client.HTTPException) as error:
            raise Trouble(f'Alto\'s API: {error!r}') from error
