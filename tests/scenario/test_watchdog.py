"""A thread of each kind stops: its stack is in the log, the program ends with a status of its own, and starts again.

The service manager is a notification socket of the test's own, which hears WATCHDOG=1 as long as every thread answers.
"""
import os
import re
import select
import shutil
import subprocess

from faults import Faults
from manager import Manager
from server import ALTO, PATIENCE, Alto

WATCHDOG_S = 6
STATUS = 70
# The thread as it calls itself, as the report does, and a function of ours that must stand in its stack.
THREADS = (('alto', 'switchboard', 'loop_run'), ('media-0', 'media-0', 'worker_run'),
           ('store-writer', 'store-writer', 'store_signal_wait'), ('store-reader', 'store-reader', 'store_signal_wait'),
           ('hashing', 'hashing', 'crypto_password_hash'))


class Patient:
    """A program with one thread that will stop, and its manager."""

    def __init__(self, thread):
        self.thread, self.name, self.function = thread
        self.alto = Alto()
        self.faults = Faults(self.alto.directory / 'faults')
        self.manager = Manager(self.alto.directory / 'manager')
        self.alto.environment = {**self.faults.environment, 'NOTIFY_SOCKET': self.manager.name,
                                 'WATCHDOG_USEC': str(WATCHDOG_S * 1000000)}
        self.alto.start()

    def lives(self):
        while 'WATCHDOG' not in self.manager.next():
            pass

    def ends(self):
        status = self.alto.process.wait(PATIENCE)
        assert status == STATUS, (self.name, status, self.alto.log.all)
        while select.select([self.manager.socket], [], [], 0)[0]:
            said = self.manager.next()
        assert f'The thread {self.name} stood still' in said.get('STATUS', ''), said  # the last word
        self.alto.log.wait_for(f'the thread {self.name} has not answered')
        self.alto.log.wait_for('addr2line')
        names = self.stack()
        assert self.function in names and 'faults_stand_still' in names, (names, self.alto.log.all)
        print(f'{self.name}: {" < ".join(names)}')

    def stack(self):
        """The names in the report, as an operator finds them: those that have only an offset by addr2line."""
        names = []
        for line in self.alto.log.all:
            if found := re.search(r'\((\w+)\+0x', line):
                names.append(found.group(1))
            elif found := re.search(rf'{re.escape(os.path.basename(ALTO))}\(\+(0x[0-9a-f]+)\)', line):
                told = subprocess.run(['addr2line', '-f', '-e', ALTO, found.group(1)], capture_output=True, text=True)
                names.append(told.stdout.split('\n')[0])
        return names


patients = [Patient(thread) for thread in THREADS]
for patient in patients:
    patient.lives()
for patient in patients:
    patient.faults.stop_thread(patient.thread)
hashing = patients[-1]  # rests where there is no password to hash
hashing.alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
add = subprocess.Popen([ALTO, 'user', 'add', 'acme', 'anna', '--extension', '101', '--name', 'Anna', '--password', 'Seventeen-Owls',
                        '--data', str(hashing.alto.data)], stdin=subprocess.DEVNULL)
for patient in patients:
    patient.ends()
    patient.faults.stop_thread('')
assert add.wait(PATIENCE) == 1  # nobody answers it
for patient in patients[1:]:
    shutil.rmtree(patient.alto.directory)
with patients[0].alto:  # started again, which is its manager's part
    patients[0].lives()
