"""The servers under measurement: how each is started on its core, looked at, and ended."""
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import time

SERVER_CORE, LOAD_CORE = 0, 1
CALLER, CALLEE = '127.0.0.2:5062', '127.0.0.3:5064'
PASSWORD = 'bench-secret'
DOMAIN = 'bench.invalid'
FIRST_EXTENSION, ACCOUNTS = 2000, 1000
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
    address = '127.0.0.11:5070'
    load_options = ['--domain', DOMAIN, '--username-prefix', 'bench', '--password', PASSWORD, '--register']
    # Zero-second calls use many ports: a pair rests for a while before another call gets it.
    CONFIG = '''node: bench
data: DATA
listen:
  sip_udp: ["ADDRESS"]
  sip_tcp: []
  sip_tls: []
  https: []
  admin: []
media: {ports: 6000-65534, workers: 1, plain_rtp: true}
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
        self.config.write_text(self.CONFIG.replace('DATA', str(self.data)).replace('ADDRESS', self.address))

    def command(self):
        return [str(self.build / 'alto'), 'serve', '--config', str(self.config), '--data', str(self.data)]

    def ask(self, connection, method, path, body=None):
        headers = {'Content-Type': 'application/json'} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors='replace')
        return answer.status, text

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

    def provision(self, accounts=ACCOUNTS):
        """One company; each account a user with one device that may speak plain RTP."""
        connection = UnixConnection(self.data / 'alto.sock')

        def create(kind, body):
            status, text = self.ask(connection, 'POST', f'/api/v1/{kind}', body)
            if status not in (200, 201):
                raise Trouble(f'Alto refused to create {kind}: {status} {text[:200]}')
        try:
            create('tenants', {'name': 'bench', 'domain': DOMAIN})
            for number in range(FIRST_EXTENSION, FIRST_EXTENSION + accounts):
                create('users', {'tenant': 'bench', 'login': f'u{number}', 'extension': str(number),
                                 'name': f'Bench {number}'})
                create('devices', {'tenant': 'bench', 'user': f'u{number}', 'name': 'phone',
                                   'username': f'bench{number}', 'password': PASSWORD, 'digest': 'md5',
                                   'srtp': 'off'})
        except (OSError, http.client.HTTPException) as error:
            raise Trouble(f'Alto\'s API: {error!r}') from error
        finally:
            connection.close()
