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
from server import Alto
from softphone import Softphone, talk

HAS = {'suites': ('AES_CM_128_HMAC_SHA1_80',)}
WATCHDOG_S = 6  # a thread is given half of it
SLOW_MS = 1000


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
        while not (found := [w for w in self.alto.api('GET', '/api/v1/status')[1]['warnings'] if words in w]):
            pass
        assert re.search(r'(?i)since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', found[0]), found
        print(found[0])

    def well_again(self):
        while self.alto.api('GET', '/healthz')[0] != 200:
            pass

    def history_is_whole(self, calls):
        """All that there were are written, though nothing could be when they ended."""
        a, b = self.call
        a.hang_up()
        b.ended()
        while len([c for c in self.alto.listing('calls') if c['ended'] and c['cause'] == 'answered']) < calls:
            pass


def writes(alto, name, answers):
    """An API write under way; its status comes into answers."""
    def write():
        answers.append(alto.api('POST', '/api/v1/tenants', {'name': name, 'domain': f'{name}.example'})[0])
    thread = threading.Thread(target=write)
    thread.start()
    return thread


def slow(directory):
    alto, faults, answers = Alto(directory=directory), Faults(directory / 'faults'), []
    manager = Manager(directory / 'manager')
    alto.environment = {**faults.environment, 'NOTIFY_SOCKET': manager.name, 'WATCHDOG_USEC': str(WATCHDOG_S * 1000000)}
    with alto:
        office = Office(alto)
        faults.slow_disk(SLOW_MS)
        waiting = writes(alto, 'patient', answers)
        office.warned('the disk is slow, or stands still')
        office.voice_flows()
        office.new_call()
        # Longer than a thread is given: one that waits for the disk does not hang, and all are said to be well.
        alive = 0
        while alive <= WATCHDOG_S // 2:
            alive += 'WATCHDOG' in manager.next()
        assert faults.slow_writes and alto.process.poll() is None
        faults.slow_disk(0)
        waiting.join()
        assert answers == [201], answers
        # What was acknowledged, and what the history has shown, outlives the next moment.
        while not [c for c in alto.listing('calls') if c['ended']]:
            pass
        alto.kill()
        alto.start()
        assert 'patient' in [t['name'] for t in alto.listing('tenant', 'list')]
        assert sorted(c['cause'] for c in alto.listing('calls')) == ['answered', 'crashed']


def read_only(directory):
    alto, faults, answers = Alto(directory=directory), Faults(directory / 'faults'), []
    alto.environment = faults.environment
    with alto:
        office = Office(alto)
        faults.failing_disk(errno.EROFS)
        writes(alto, 'refused', answers).join()
        office.warned('has become read-only')
        assert answers[0] >= 500, answers
        office.voice_flows()
        office.new_call()
        faults.failing_disk(0)
        office.well_again()
        office.history_is_whole(2)
        assert 'refused' not in [t['name'] for t in alto.listing('tenant', 'list')]


def killed(directory):
    """What a phone took back was not acknowledged, and what it brought is missed for a minute at most."""
    alto, faults = Alto(directory=directory), Faults(directory / 'faults')
    alto.environment = faults.environment

    def bindings():
        return alto.api('GET', '/api/v1/status')[1]['figures']['bindings']

    with alto:
        office = Office(alto)
        account = alto.people('acme', ('103',))['103']['desk']
        faults.failing_disk(errno.EROFS)
        taken_back = office.bruno.registering(0)
        assert taken_back.status == 503 and taken_back['Retry-After'], taken_back.first
        new = Softphone(account, '103', ('127.0.0.1', alto.tls_port), 'tls').registering()
        given = re.search(r';expires=(\d+)', new['Contact'])
        assert new.status == 200 and int(given[1]) <= 60, new['Contact']
        assert bindings() == 3
        office.anna.register()  # a refresh is no news to the disk
        office.warned('has become read-only')
        office.voice_flows()
        alto.kill()
        faults.failing_disk(0)
        alto.start()
        assert bindings() == 2
        Softphone(account, '103', ('127.0.0.1', alto.tls_port), 'tls').register()
        assert bindings() == 3


def full(directory):
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], check=True)
    assert os.path.ismount(directory)
    filler, answers = directory / 'filler', []
    with Alto(directory=directory) as alto:
        office = Office(alto)
        with open(filler, 'wb', buffering=0) as file:
            try:
                while True:
                    file.write(b'x' * 4096)
            except OSError as e:
                assert e.errno == errno.ENOSPC
        # The log has room that it once took; each write uses some of it up.
        n = 0
        while not answers or answers[-1] < 500:
            writes(alto, f'refused-{(n := n + 1)}', answers).join()
        office.warned('is full')
        office.voice_flows()
        office.new_call()
        filler.unlink()
        office.well_again()
        office.history_is_whole(2)
        tenants = [t['name'] for t in alto.listing('tenant', 'list', '--limit', '200')]
        assert sorted(tenants) == sorted(['acme', *(f'refused-{i}' for i in range(1, n))]), tenants
    subprocess.run(['umount', directory], check=True)


in_a_world_of_its_own()
for check in (slow, read_only, killed, full):
    with tempfile.TemporaryDirectory(prefix='alto-') as directory:
        check(pathlib.Path(directory))
