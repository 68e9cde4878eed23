"""The disk is slow, becomes read-only, is full: calls go on, what was acknowledged stays, and `alto status` says why.

A slow disk and one that refuses are made below SQLite, in the running program; a full one is a tmpfs of the test's own.
"""
import errno
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

from faults import Faults
from manager import Manager
from server import Alto, wait_until
from softphone import Softphone, talk

HAS = {'suites': ('AES_CM_128_HMAC_SHA1_80',)}
WATCHDOG_S = 6  # a thread is given half of it
SLOW_MS = 1000
UNSAVED_S = 60  # a binding that only memory has is given for so long
LOG_HOLDS = 1000  # writes at most: a disk of 4 MiB has room for no more


def in_a_world_of_its_own():
    """Run again where a tmpfs may be mounted, and nobody else sees it."""
    if os.environ.get('ALTO_NAMESPACE'):
        return
    os.environ['ALTO_NAMESPACE'] = 'yes'
    os.execvp('unshare', ['unshare', '--user', '--map-root-user', '--mount', sys.executable, *sys.argv])


class Office:
    """Two phones in a call that began before the trouble and is to be there after it."""

    def __init__(self, alto):
        self.alto = alto
        accounts = alto.company()
        self.anna, self.bruno = (Softphone(accounts[e]['desk'], e, ('127.0.0.1', alto.tls_port), 'tls').register()
                                 for e in accounts)
        self.call = talk(self.anna, self.bruno, '102', HAS, HAS)

    def voice_flows(self):
        a, b = self.call
        a.voice.reaches(b.voice)
        b.voice.reaches(a.voice)

    def new_call(self):
        """Another one, from its INVITE to its end."""
        a, b = talk(self.anna, self.bruno, '102', HAS, HAS)
        a.hang_up()
        b.ended()

    def warned(self, words):
        """Waits for the sentence; it says since when."""
        def said():
            return [w for w in self.alto.api('GET', '/api/v1/status')[1]['warnings'] if words in w]
        found = wait_until(said, f'a warning with {words!r}')
        assert re.search(r'(?i)since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', found[0]), found
        print(found[0])

    def well_again(self):
        wait_until(lambda: self.alto.api('GET', '/healthz')[0] == 200, '200 from /healthz')

    def history_is_whole(self, calls):
        """All that there were are written, though nothing could be when they ended."""
        a, b = self.call
        a.hang_up()
        b.ended()
        wait_until(lambda: len([c for c in self.alto.listing('calls') if c['ended'] and c['cause'] == 'answered']) >= calls,
                   f'{calls} calls in the history as over')


class Promises:
    """What was acknowledged, and whether it is there: a crash takes what only memory had."""

    def __init__(self, office):
        self.office, self.alto, self.there, self.gone, self.written = office, office.alto, set(), set(), {'acme'}
        accounts = self.alto.people('acme', ('103', '104', '105'))
        self.new, self.left, self.leaving = (Softphone(accounts[e]['desk'], e, ('127.0.0.1', self.alto.tls_port), 'tls')
                                             for e in accounts)
        for phone in office.bruno, self.left, self.leaving:
            assert self.registers(phone) > UNSAVED_S
        self.takes_back(self.left)

    def registers(self, phone):
        """Whatever the disk does, a phone can be there. For how long; more than a minute is a promise."""
        said = phone.registering()
        assert said.status == 200, said.first
        given_s = int(re.search(r';expires=(\d+)', said['Contact'])[1])
        if given_s > UNSAVED_S:
            self.there.add(phone.account[0])
        return given_s

    def takes_back(self, phone):
        """True: it is gone for good."""
        said = phone.registering(0)
        self.there.discard(phone.account[0])
        if said.status == 200:
            self.gone.add(phone.account[0])
        else:
            assert said.status == 503 and said['Retry-After'], said.first
        return said.status == 200

    def writes(self, name):
        """The status of an API write."""
        status, _ = self.alto.api('POST', '/api/v1/tenants', {'name': name, 'domain': f'{name}.example'})
        if status == 201:
            self.written.add(name)
        return status

    def go_on(self, nothing_is_written=True):
        """While the disk is in trouble. A full one may have room for some of it."""
        given_s = self.registers(self.new)
        self.registers(self.office.anna)
        gone = self.takes_back(self.leaving)
        assert not nothing_is_written or (given_s <= UNSAVED_S and not gone), (given_s, gone)

    def are_kept(self):
        held = {d['username'] for d in self.alto.api('GET', '/api/v1/devices')[1]['items'] if d['registrations']}
        assert self.there <= held and not self.gone & held, (self.there, self.gone, held)
        tenants = {t['name'] for t in self.alto.listing('tenant', 'list', '--limit', '200')}
        assert tenants == self.written, (self.written, tenants)
        print(f'kept: {len(self.there)} bindings, {len(self.gone)} taken back, {len(self.written)} companies')


def writes(promises, name, answers):
    """An API write under way; its status comes into answers."""
    thread = threading.Thread(target=lambda: answers.append(promises.writes(name)))
    thread.start()
    return thread


def beats(manager, count):
    for _ in range(count):
        wait_until(lambda: 'WATCHDOG' in manager.next(), 'WATCHDOG=1 from all threads')


def slow(directory):
    alto, faults, answers = Alto(directory=directory), Faults(directory / 'faults'), []
    manager = Manager(directory / 'manager')
    alto.environment = {**faults.environment, 'NOTIFY_SOCKET': manager.name, 'WATCHDOG_USEC': str(WATCHDOG_S * 1000000)}
    with alto:
        office = Office(alto)
        promises = Promises(office)
        faults.slow_disk(SLOW_MS)
        waiting = writes(promises, 'patient', answers)
        office.warned('the disk is slow, or stands still')
        promises.go_on()
        office.voice_flows()
        office.new_call()
        # Longer than a thread is given: one that waits for the disk does not hang, and all are said to be well.
        beats(manager, WATCHDOG_S // 2 + 1)
        assert faults.slow_writes and alto.process.poll() is None
        faults.slow_disk(SLOW_MS // 10)  # or a transaction of twenty writes keeps the test waiting
        waiting.join()
        assert answers == [201], answers
        alto.kill()
        faults.slow_disk(0)
        alto.start()
        promises.are_kept()
        assert {c['cause'] for c in alto.listing('calls')} <= {'answered', 'crashed'}


def read_only(directory):
    alto, faults = Alto(directory=directory), Faults(directory / 'faults')
    alto.environment = faults.environment
    with alto:
        office = Office(alto)
        promises = Promises(office)
        faults.failing_disk(errno.EROFS)
        assert promises.writes('refused') >= 500
        office.warned('has become read-only')
        office.voice_flows()
        office.new_call()
        faults.failing_disk(0)
        office.well_again()
        office.history_is_whole(2)
        promises.are_kept()
        faults.failing_disk(errno.EROFS)
        promises.go_on()
        alto.kill()
        faults.failing_disk(0)
        alto.start()
        promises.are_kept()
        Softphone(promises.new.account, '103', ('127.0.0.1', alto.tls_port), 'tls').register()


def fill(directory):
    filler = directory / 'filler'
    with open(filler, 'wb', buffering=0) as file:
        try:
            while True:
                file.write(b'x' * 4096)
        except OSError as e:
            assert e.errno == errno.ENOSPC
    return filler


def use_up_log(promises, name):
    """It has room that it once took; each write uses some of it up, until one is refused."""
    assert any(promises.writes(f'{name}-{n}') >= 500 for n in range(LOG_HOLDS)), f'{LOG_HOLDS} writes on a full disk'


def full(directory):
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], check=True)
    assert os.path.ismount(directory)
    with Alto(directory=directory) as alto:
        office = Office(alto)
        promises = Promises(office)
        filler = fill(directory)
        use_up_log(promises, 'first')
        office.warned('is full')
        office.voice_flows()
        office.new_call()
        filler.unlink()
        office.well_again()
        office.history_is_whole(2)
        promises.are_kept()
        fill(directory)
        use_up_log(promises, 'second')
        promises.go_on(nothing_is_written=False)
        alto.kill()
        filler.unlink()
        alto.start()
        promises.are_kept()
    subprocess.run(['umount', directory], check=True)


in_a_world_of_its_own()
for check in (slow, read_only, full):
    with tempfile.TemporaryDirectory(prefix='alto-') as directory:
        check(pathlib.Path(directory))
