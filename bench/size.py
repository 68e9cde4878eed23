"""
What Alto costs against size: memory of a call and of a binding, the time of a start, CPU with many users.

Its companies are filled in by `bench_fill`, through the store's own code. One server at a time, each a fresh process,
since what an allocator has once taken hides what the next thing takes.
"""
import contextlib
import pathlib
import sqlite3
import statistics
import subprocess
import time

from generators import AFTER_S
from servers import CALLER, FIRST_EXTENSION, Alto, Trouble

SMALL, LARGE, REGISTERED = 1000, 100_000, 200_000
CALLS = 1000              # held at once, for the memory of one
WARM_CALLS, WARM_S = 100, 6  # a second, before it: they fill the cache of the database, and few enough are there at once
COST_RATE, COST_S = 200, 3   # calls, and registrations, a second
COST_ROUNDS = 2              # small and large take turns
IDLE_S = 2


class FilledAlto(Alto):
    """A company of that many users, of which the first `registered` have a phone on UDP at the generator's address."""

    def __init__(self, work, build, users, registered):
        super().__init__(work, build)
        self.users, self.registered = users, registered
        self.data = work / f'bench-size-{users}-{registered}'

    def fill(self):
        self.clear()
        made = subprocess.run([str(self.build / 'bench' / 'bench_fill'), str(self.data), str(self.users),
                               str(self.registered), self.address, CALLER], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Trouble(f'fill: {made.stderr.strip()}')

    def wait_ready(self):
        """Also how long it took until the first answer, and what of the CPU."""
        began = time.monotonic()
        while not self.healthy():
            self.poll()
            if time.monotonic() - began > 60:
                raise Trouble(f'{self.users} users were not loaded within 60 s')
            time.sleep(0.005)
        self.ready_s = time.monotonic() - self.started
        self.ready_cpu_s = sum(self.cpu().values()) / 1e9

    def __enter__(self):
        self.started = time.monotonic()
        return super().__enter__()

    def resident_kib(self):
        lines = pathlib.Path(f'/proc/{self.process.pid}/status').read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith('VmRSS:'))

    def idle_share(self):
        """Of its core, for what it does by itself: keep-alives and refreshes of whom it knows."""
        before, began = self.cpu(), time.monotonic()
        time.sleep(IDLE_S)
        return self.cpu_since(before) / (time.monotonic() - began)


class Size:
    """The rows about size: measure() once, then report()."""

    def __init__(self, bench):
        self.bench, self.load = bench, bench.load
        self.made = []

    def server(self, users, registered):
        server = FilledAlto(self.bench.work, self.bench.build, users, registered)
        if server.data not in self.made:
            self.bench.say(f'size: filling in {users} users, {registered} of them registered')
            server.fill()
            self.made.append(server.data)
        return server

    def put(self, figure, value):
        self.bench.put('size', figure, value)

    def measure(self):
        try:
            for part in (self.idle, self.call_memory, self.start, self.cost, self.binding_memory):
                self.bench.guarded(f'size: {part.__name__}', part)
        finally:
            for data in self.made:
                subprocess.run(['rm', '-rf', str(data)], check=False)

    def idle(self):
        with self.server(SMALL, SMALL) as server:
            self.bench.alto_version = server.version()
            server.settle(2)
            self.put('idle_mib', server.resident_kib() / 1024)

    def call_memory(self):
        for figure, secure in (('call_kib', False), ('call_srtp_kib', True)):
            with self.server(SMALL, SMALL) as server:
                self.bench.say(f'size: {CALLS} calls held{", SRTP on both legs" if secure else ""}')
                options = ['--srtp', '--tls', '--server', server.tls_address, '--first-extension',
                           str(FIRST_EXTENSION + SMALL // 2)] if secure else []
                self.load.calls(server, WARM_CALLS, WARM_S)
                server.settle()
                self.put(figure, self.load.voice(server, CALLS, 1, options)['memory_kib'])

    def start(self):
        """The second start of two: the first has the file brought into memory, as after a restart of the service."""
        for last in (False, True):
            with self.server(LARGE, LARGE) as server:
                if last:
                    self.bench.say(f'size: {LARGE} users loaded in {server.ready_s:.2f} s')
                    self.put('start_s', server.ready_s)
                    self.put('start_cpu_s', server.ready_cpu_s)

    def cost(self):
        for _ in range(COST_ROUNDS):
            for users in (SMALL, LARGE):
                with self.server(users, users) as server:
                    self.cost_of(server, users)

    def cost_of(self, server, users):
        server.settle()
        idle = server.idle_share()
        self.put(f'idle_share@{users}', idle)
        for what, offer in (('call', self.load.calls), ('register', self.load.registrations)):
            self.bench.say(f'size: {users} users, {what}')
            offer(server, COST_RATE, 1)  # what is done once: the accounts' first registrations, statements prepared
            server.settle()
            began = time.monotonic()
            r = offer(server, COST_RATE, COST_S)
            if not r['good']:
                raise Trouble(f'{users} users: {what} at {COST_RATE}/s went wrong')
            own = r['cpu_s'] - idle * min(time.monotonic() - began, r['seconds'] + AFTER_S)
            self.put(f'{what}_ms@{users}', own * 1e3 / max(r['completed'] if what == 'call' else r['registrations'], 1))
            server.settle()

    def binding_memory(self):
        """The same users with a phone each, and then without."""
        memory = []
        for step in ('registered', 'not registered'):
            server = self.server(REGISTERED, REGISTERED)
            if memory:
                with contextlib.closing(sqlite3.connect(server.data / 'alto.db')) as database:
                    database.execute('DELETE FROM bindings')
                    database.commit()
            with server:
                server.settle(2)
                memory.append(server.memory_kib())
                self.bench.say(f'size: {REGISTERED} users, {step}: {memory[-1] / 1024:.0f} MiB')
        self.put('binding_kib', (memory[0] - memory[1]) / REGISTERED)
        self.put('user_kib', memory[1] / REGISTERED)

    # ---- what it says ----

    def report(self, report):
        def get(figure):
            return self.bench.get('size', figure)

        def trouble(part):
            return self.bench.troubles.get(f'size: {part}', '')
        report.section(f'Size: one company of {SMALL:,} or {LARGE:,} users, a phone on UDP each')
        report.row(f'Alto: resident, idle, {SMALL:,} users', 'MiB', get('idle_mib'), target='<= 64',
                   good=lambda m: m <= 64, note=trouble('idle'))
        report.row('Alto: memory of an answered call', 'KiB', get('call_kib'), target='<= 16', good=lambda m: m <= 16,
                   note=trouble('call_memory') or f'growth over {CALLS:,} calls, in a process that has carried '
                   f'{WARM_CALLS * WARM_S:,} before; sockets are the kernel\'s')
        report.row('Alto: memory of an answered call, SRTP on both legs', 'KiB', get('call_srtp_kib'),
                   target='<= 24', good=lambda m: m <= 24)
        report.row(f'Alto: memory of a UDP binding, {REGISTERED:,} registered', 'KiB', get('binding_kib'),
                   target='<= 1', good=lambda m: m <= 1, note=trouble('binding_memory') or 'beyond its user and device')
        report.row('Alto: memory of a user with a device', 'KiB', get('user_kib'))
        report.row(f'Alto: start until the first answer, {LARGE:,} users and bindings', 's', get('start_s'),
                   target='<= 2', good=lambda m: m <= 2, note=trouble('start') or
                   f'{statistics.median(get("start_cpu_s") or [0]):.2f} s of CPU')
        for what, title in (('call', 'a call'), ('register', 'a registration')):
            few, many = get(f'{what}_ms@{SMALL}'), get(f'{what}_ms@{LARGE}')
            report.row(f'Alto: CPU {title} with {SMALL:,} users', 'ms', few, note=trouble('cost'))
            report.row(f'Alto: CPU {title} with {LARGE:,} users', 'ms', many)
            report.ratio(f'Alto: CPU {title}, {LARGE:,} users / {SMALL:,}', many, few, target='<= 1.2',
                         good=lambda m: m <= 1.2)
        report.row(f'Alto: share of its core for {LARGE:,} phones left alone', '%',
                   [100 * x for x in get(f'idle_share@{LARGE}')], note='keep-alives, one each 25 s; not in the rows above')
