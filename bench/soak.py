"""
Years of running in minutes: does Alto hold more, the longer it has run?

Equal rounds of calls, registrations and some voice, all at once, at about half of what its core carries. After each one
drains: everything that belongs to a call or a transaction has ended, the last 32 s later (RFC 3261 §17.2.2). Then what it
holds is looked at. The first rounds fill caches and pools, so growth counts from the third to the last.
"""
import concurrent.futures
import os
import shutil
import time

from servers import FIRST_EXTENSION, Trouble
from size import FilledAlto

ROUNDS, SETTLED = 6, 2    # SETTLED: the round after whose drain the comparison begins, counted from 0
USERS = 1000              # the first half may speak plain RTP
TRIAL_RATE = 500          # calls a second, at which the cost of one is measured
CALLS_SHARE = 0.45        # of the core; with registrations and voice it is about half
REGISTRATION_RATE = 50    # a second
VOICE_CALLS = 40
VOICE_BEFORE_S = 3        # what rtpload needs before it measures
DRAIN_PATIENCE_S = 60
GROWTH_MAX_MIB = 1        # per 100,000 calls: ten bytes of each

# Each load has accounts and addresses of its own. Those of calls register before, all at once; the others at their rate.
ACCOUNTS = {
    'calls': ('sipload', 0, 16, ('--register',)),
    'voice': ('rtpload', 100, 16, ('--register', '--caller', '127.0.0.21:5062', '--callee', '127.0.0.22:5064')),
    'registrations': ('sipload', 200, 400, ('--caller', '127.0.0.23:5062', '--callee', '127.0.0.24:5064', '--registrations')),
}
ENDED = {  # what must be none, and the metrics that tell of it
    'calls': ('alto_calls_open',),
    'legs': ('alto_legs_open',),
    'streams': ('alto_media_streams',),
    'transactions': ('alto_sip_server_transactions', 'alto_sip_client_transactions'),
}
KEPT = 'descriptors', 'timers'  # what must be no more than it was: the program's own, and those of registrations


def look(server):
    """What it holds now. Pairs of ports that wait for calls are bounded by themselves, and no descriptors left over."""
    held = {what: sum(map(server.metric, metrics)) for what, metrics in ENDED.items()}
    held['pairs'] = server.metric('alto_media_port_pairs')
    held['timers'] = server.metric('alto_net_timers')
    held['descriptors'] = len(os.listdir(f'/proc/{server.process.pid}/fd')) - 2 * held['pairs']
    held['memory_mib'] = server.memory_kib() / 1024
    held['begun'] = server.metric('alto_calls_total')
    return held


def left_over(held, reference):
    """By name: how many more than none, or than there were."""
    return {**{what: held[what] for what in ENDED}, **{what: held[what] - reference[what] for what in KEPT}}


class Soak:
    """The rows about years of running: measure() once, then report()."""

    def __init__(self, bench):
        self.bench, self.load = bench, bench.load
        self.round_s = bench.options.soak_minutes * 60 / ROUNDS
        self.looks, self.results, self.rate = [], [], 0

    def measure(self):
        self.bench.guarded('soak', self.soak)

    def soak(self):
        server = FilledAlto(self.bench.work, self.bench.build, USERS, 0)
        server.fill()
        try:
            with server:
                self.bench.alto_version = server.version()
                self.rate = self.half_of_core(server)
                for number in range(ROUNDS):
                    self.results.append(self.one_round(server))
                    self.looks.append(self.drain(server))
                    self.bench.say(f'soak: round {number + 1} of {ROUNDS}: ' +
                                   ', '.join(f'{what} {value:,.6g}' for what, value in self.looks[-1].items()))
            self.bench.ended(server)
        finally:
            shutil.rmtree(server.data, ignore_errors=True)

    def half_of_core(self, server):
        """Calls a second."""
        r = self.load.calls(server, TRIAL_RATE, self.bench.options.seconds)
        if not r['good']:
            raise Trouble(f'{r["troubles"]} calls of a trial at {TRIAL_RATE}/s went wrong')
        server.load_options = [option for option in server.load_options if option != '--register']
        return round(CALLS_SHARE * 1000 / r['cpu_ms'])

    def one_round(self, server):
        """The three loads side by side, and what each says."""
        self.bench.say(f'soak: {self.rate} calls/s for {self.round_s:.0f} s')
        loads = {'calls': ('--rate', self.rate, '--seconds', self.round_s),
                 'voice': ('--calls', VOICE_CALLS, '--seconds', max(self.round_s - VOICE_BEFORE_S, 1)),
                 'registrations': ('--rate', REGISTRATION_RATE, '--seconds', self.round_s)}
        with concurrent.futures.ThreadPoolExecutor(len(loads)) as pool:
            running = {what: pool.submit(self.offer, server, what, options) for what, options in loads.items()}
            return {what: future.result() for what, future in running.items()}

    def offer(self, server, what, options):
        program, first, side, more = ACCOUNTS[what]
        return self.load.run(server, program, ['--first-extension', str(FIRST_EXTENSION + first), '--callers', str(side),
                                               '--callees', str(side), *more, *map(str, options)], self.round_s + 60)

    def drain(self, server):
        """What is held when all has ended, or when patience has."""
        until = time.monotonic() + DRAIN_PATIENCE_S
        while True:
            held = look(server)
            reference = self.looks[SETTLED] if len(self.looks) > SETTLED else held
            if max(left_over(held, reference).values()) <= 0 or time.monotonic() > until:
                return held
            server.poll()
            time.sleep(0.5)

    # ---- what it says ----

    def failed(self):
        """Calls and registrations, of all rounds."""
        return sum(r['calls']['failed'] + VOICE_CALLS - r['voice']['completed'] + r['registrations']['registrations_failed']
                   for r in self.results)

    def report(self, report):
        report.section(f'Years of running: {ROUNDS} rounds of {self.round_s:.0f} s at about half of what the core carries')
        trouble = self.bench.troubles.get('soak', '')
        done = self.looks if len(self.looks) == ROUNDS else []
        report.row('Alto: calls', '', [r['begun'] for r in done[-1:]], note=trouble or f'{self.rate}/s beside '
                   f'{REGISTRATION_RATE} registrations/s and {VOICE_CALLS} calls with voice')
        report.row('Alto: calls and registrations that failed', '', [self.failed()] if done else [], target='0',
                   good=lambda m: m == 0, note='last status of each round: ' + ', '.join(
                       str(r['calls']['last_status']) for r in self.results) if self.failed() else '')
        report.row('Alto: packets of voice lost', '', [sum(r['voice']['sent'] - r['voice']['received'] for r in self.results)]
                   if done else [])
        growth = []
        if done:
            first, last = done[SETTLED], done[-1]
            growth = [(last['memory_mib'] - first['memory_mib']) / (last['begun'] - first['begun']) * 100_000]
        report.row('Alto: growth of memory per 100,000 calls', 'MiB', growth, target=f'<= {GROWTH_MAX_MIB}',
                   good=lambda m: m <= GROWTH_MAX_MIB, note='from the third round to the last; after each: ' +
                   ', '.join(f'{held["memory_mib"]:.1f}' for held in done))
        for what in (*ENDED, *KEPT):
            report.row(f'Alto: {what} left over', '', [left_over(done[-1], done[SETTLED])[what]] if done else [], target='0',
                       good=lambda m: m <= 0)
