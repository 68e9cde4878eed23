"""A service manager's notification socket: what the program says of itself."""
import os
import select
import socket

from server import PATIENCE


class Manager:
    """name: a path, or an abstract name behind '@'. While it is open, what is started inherits it."""

    def __init__(self, name):
        self.name = str(name)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind('\0' + self.name[1:] if self.name.startswith('@') else self.name)

    def __enter__(self):
        os.environ['NOTIFY_SOCKET'] = self.name
        return self

    def __exit__(self, *_):
        del os.environ['NOTIFY_SOCKET']
        self.socket.close()

    def next(self):
        """The next datagram as a dictionary."""
        ready, _, _ = select.select([self.socket], [], [], PATIENCE)
        assert ready, 'nothing was told to the service manager'
        return dict(line.split('=', 1) for line in self.socket.recv(4096).decode().splitlines())

    def nothing(self):
        assert not select.select([self.socket], [], [], 0)[0], self.socket.recv(4096)
