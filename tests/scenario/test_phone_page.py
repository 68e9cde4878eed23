"""The phone in real browsers: they call each other and a desk phone, and the sound that arrives is measured; a page is
loaded anew in mid-call, the network is lost for ten seconds and then is another one, a phone is shown in two tabs.

The steps in the browser are console/tests/browser/phone.ts; it asks here, a line each, for what happens beside it.
Browsers have a network of their own, so that it can be taken from them."""
import os
import subprocess
import sys
import time

from pair import believed, make_authority, make_signed
from phone import Phone
from server import Alto, free_port
from sound import write_tone
from walk import walk

if 'ALTO_OWN_NETWORK' not in os.environ:
    os.environ['ALTO_OWN_NETWORK'] = '1'
    os.execvp('unshare', ['unshare', '--user', '--map-root-user', '--net', sys.executable, *sys.argv])

SERVER, BROWSERS, BROWSERS_THEN = '192.0.2.1', '192.0.2.2', '192.0.2.3'
NAME = 'pbx.acme.example'
PASSWORD, SIP_PASSWORD = 'correct horse battery', 'secret-Xylophone-77'
TONES = {'anna': 440, 'bruno': 1000, 'carla': 1400}
LOST_S = 10  # what the test is about


def sh(*command):
    subprocess.run(command, check=True)


class Network:
    """Another one, joined to ours by a cable."""

    def __init__(self):
        sh('ip', 'link', 'set', 'lo', 'up')
        self.holder = subprocess.Popen(['unshare', '--net', 'sh', '-c', 'ip link set lo up; echo; exec cat'],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.inside = ['nsenter', '--net', f'--target={self.holder.pid}']
        sh('ip', 'link', 'add', 'server', 'type', 'veth', 'peer', 'name', 'browsers')
        sh('ip', 'link', 'set', 'browsers', 'netns', str(self.holder.pid))
        sh('ip', 'address', 'add', f'{SERVER}/24', 'dev', 'server')
        sh('ip', 'link', 'set', 'server', 'up')
        self.join(BROWSERS)

    def join(self, address):
        sh(*self.inside, 'ip', 'address', 'add', f'{address}/24', 'dev', 'browsers')
        sh(*self.inside, 'ip', 'link', 'set', 'browsers', 'up')

    def leave(self):
        sh(*self.inside, 'ip', 'link', 'set', 'browsers', 'down')
        sh(*self.inside, 'ip', 'address', 'flush', 'dev', 'browsers')


def company(alto):
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
    for extension, login, name in (('101', 'anna', 'Anna Nowak'), ('102', 'bruno', 'Bruno Lefèvre'),
                                   ('103', 'carla', 'Carla Jansen')):
        alto.command('user', 'add', 'acme', login, '--extension', extension, '--name', name, '--password', PASSWORD)
    alto.command('device', 'add', 'acme', 'carla', 'desk', '--username', 'carla-desk', '--password', SIP_PASSWORD)


class Carla:
    """At the desk phone."""

    def __init__(self, phone, network):
        self.phone, self.network, self.back_at = phone, network, 0.0

    def calls(self):
        self.phone.command('dial', 'sip:101@acme.example')
        self.phone.wait_for('CALL_RINGING')

    def answers(self):
        self.phone.wait_for('CALL_INCOMING')
        self.phone.command('accept')
        self.phone.wait_for('CALL_ESTABLISHED')

    def hung_up(self):
        self.phone.wait_for('CALL_CLOSED')
        self.phone.forget()

    def heard_key(self):
        assert self.phone.wait_for('CALL_DTMF_START')['param'] == '5'

    def hears_anna(self):
        self.phone.hears(TONES['anna'])

    def loses_network(self):
        self.network.leave()
        self.back_at = time.monotonic() + LOST_S

    def has_network(self):
        time.sleep(max(0, self.back_at - time.monotonic()))
        self.network.join(BROWSERS_THEN)


def browse(alto, carla, address, trust):
    tones = alto.directory / 'tones'
    tones.mkdir()
    for tone in TONES.values():
        write_tone(tones / f'{tone}.wav', tone)
    walk('phone', {**trust, 'ALTO_COMPANY': address, 'ALTO_ADDRESS': SERVER, 'ALTO_PASSWORD': PASSWORD,
                   'ALTO_TONES': str(tones)}, {
        'carla calls 101': carla.calls,
        'carla answers': carla.answers,
        'carla is hung up': carla.hung_up,
        'carla heard 5': carla.heard_key,
        'carla hears anna': carla.hears_anna,
        'the network is lost': carla.loses_network,
        'another network is there after 10 s': carla.has_network,
        'stop': alto.stop,
        'start': alto.start,
    }, carla.network.inside)


network = Network()
https, sip_tls = free_port(), free_port()
server = Alto({'sip_tls': [f'127.0.0.1:{sip_tls}'], 'https': [f'{SERVER}:{https}']})
authority = make_authority(server.directory, 'authority')
certificate, key = make_signed(server.directory, 'host', f'DNS:{NAME},IP:127.0.0.1', authority)
with server.config.open('a') as config:
    config.write(f'tls: {{certificate: {certificate}, key: {key}}}\n')
with server:
    company(server)
    desk = Phone(server.directory, 'carla', ('carla-desk', SIP_PASSWORD), TONES['carla'], f'127.0.0.1:{sip_tls}', authority[0],
                 extension='103')
    with desk:
        desk.registered()
        browse(server, Carla(desk, network), f'https://{NAME}:{https}', believed(server.directory, authority))
network.holder.stdin.close()
