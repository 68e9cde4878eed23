"""What goes wrong inside the real program: tests/support/faults.c, loaded before its C library, does as it is told here."""
import mmap
import os
import struct


class Faults:
    """alto.environment.update(faults.environment) before the start."""
    STUCK, DISK_MS, DISK_WRITES, DISK_ERROR, SIZE = 0, 16, 20, 24, 28

    def __init__(self, path):
        library = os.environ.get('ALTO_FAULTS_LIBRARY', 'build/tests/support/libfaults.so')
        # The loader passes over what is not there, and the trouble that a test waits for would never come.
        if not os.path.isfile(library):
            raise SystemExit(f'{library} is not there: build it, by `ninja -C build`, or name it in ALTO_FAULTS_LIBRARY')
        with open(path, 'w+b') as file:
            file.truncate(self.SIZE)
            self.page = mmap.mmap(file.fileno(), self.SIZE)
        # A sanitizer wants to be the first library; that it is not does it no harm.
        sanitizer = os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'
        self.environment = {'LD_PRELOAD': library, 'ALTO_FAULTS': str(path),
                            'ASAN_OPTIONS': sanitizer}

    def stop_thread(self, name):
        """It goes no further than to its next sleep."""
        self.page[self.STUCK:self.STUCK + 16] = name.encode().ljust(16, b'\0')

    def slow_disk(self, milliseconds):
        """Each write and each sync of the store's threads takes so long."""
        self.page[self.DISK_MS:self.DISK_MS + 4] = struct.pack('=I', milliseconds)

    def failing_disk(self, error):
        """Each write and each sync of theirs fails with this errno; 0: none."""
        self.page[self.DISK_ERROR:self.DISK_ERROR + 4] = struct.pack('=i', error)

    @property
    def slow_writes(self):
        """How many writes and syncs were slow so far."""
        return struct.unpack('=I', self.page[self.DISK_WRITES:self.DISK_WRITES + 4])[0]
