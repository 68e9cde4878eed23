"""An authority that issues certificates by ACME: pebble, and a DNS server that says that every name is this machine."""
import json
import os
import subprocess

from pair import make_pair
from server import PATIENCE, Lines, free_port


class Pebble:
    """`with Pebble(directory, http_port) as authority:`; it looks for proofs at that port. reject: percent of its nonces
    that it does not take when they come back."""

    def __init__(self, directory, http_port, reject=0):
        self.directory, self.http_port, self.reject = directory, http_port, reject
        self.port, self.dns = free_port(), free_port()
        self.url = f'https://127.0.0.1:{self.port}/dir'
        self.processes = []

    def start(self, *command, ready):
        process = subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT,
                                   env={**os.environ, 'PEBBLE_VA_NOSLEEP': '1', 'PEBBLE_AUTHZREUSE': '0',
                                        'PEBBLE_WFE_NONCEREJECT': str(self.reject)})
        self.processes.append(process)
        self.log = Lines(process.stdout)
        self.log.wait_for(ready)

    def __enter__(self):
        self.certificate, key = make_pair(self.directory, 'pebble')
        config = self.directory / 'pebble.json'
        config.write_text(json.dumps({'pebble': {
            'listenAddress': f'127.0.0.1:{self.port}', 'managementListenAddress': '', 'certificate': str(self.certificate),
            'privateKey': str(key), 'httpPort': self.http_port, 'tlsPort': free_port()}}))
        self.start('pebble-challtestsrv', '-dns01', f'127.0.0.1:{self.dns}', '-defaultIPv6', '', '-http01', '', '-https01', '',
                   '-tlsalpn01', '', '-management', f'127.0.0.1:{free_port()}', ready='Starting management server')
        self.start('pebble', '-config', str(config), '-dnsserver', f'127.0.0.1:{self.dns}', ready='ACME directory available')
        return self

    def no_names(self):
        """From now on no name is found."""
        self.processes[0].kill()
        self.processes[0].wait(PATIENCE)

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait(PATIENCE)
