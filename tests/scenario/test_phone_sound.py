"""The sound of the phone in the browser as the machine makes it: it rings in a tab behind another, at the speaker; another
microphone and speaker are chosen in mid-call, unplugged, and plugged in again; and a key is told to a phone that takes no tones.
All on one machine of a private IPv4 network, where the browser comes over ::1 as it does to `localhost`, and speaks IPv4.

The steps in the browser are console/tests/browser/sound.ts; it asks here, a line each, for what happens beside it."""
import os
import sys

from pair import believed, make_authority, make_signed
from phone import Phone
from pulse import Pulse
from server import Alto, free_port
from sipp import Sipp
from walk import walk

HOST, LOOP, NAME = '10.77.0.1', '[::1]', 'pbx.acme.example'
PASSWORD, SIP_PASSWORD = 'correct horse battery', 'secret-Xylophone-77'
DESK_TONE, HEADSET_TONE, CARLA_TONE = 440, 1000, 1400
RING = 440, 554

if 'ALTO_OWN_NETWORK' not in os.environ:
    os.environ['ALTO_OWN_NETWORK'] = '1'
    # Chromium speaks over no address of a loopback device.
    script = (f'ip link set lo up && ip link add office type veth peer name wall && ip link set wall up && '
              f'ip address add {HOST}/24 dev office && ip link set office up && exec "$@"')
    os.execvp('unshare', ['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', script, 'sh', sys.executable, *sys.argv])


def company(alto):
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
    for extension, login, name in (('101', 'anna', 'Anna Nowak'), ('103', 'carla', 'Carla Jansen'), ('104', 'dino', 'Dino Rossi')):
        alto.command('user', 'add', 'acme', login, '--extension', extension, '--name', name, '--password', PASSWORD)
    for login, srtp in (('carla', 'sdes'), ('dino', 'off')):
        alto.command('device', 'add', 'acme', login, 'desk', '--username', f'{login}-desk', '--password', SIP_PASSWORD, '--srtp', srtp)


class Headset:
    """Microphone and speaker in one."""

    def __init__(self, pulse):
        self.pulse = pulse
        self.plug_in()

    def plug_in(self):
        self.pulse.microphone('headset_in', HEADSET_TONE)
        self.pulse.speaker('headset_out')

    def unplug(self):
        self.pulse.unplug('headset_in')
        self.pulse.unplug('headset_out')


class Carla:
    def __init__(self, phone):
        self.phone = phone

    def calls(self):
        self.phone.command('dial', 'sip:101@acme.example')
        self.phone.wait_for('CALL_RINGING')

    def hung_up(self):
        self.phone.wait_for('CALL_CLOSED')
        self.phone.forget()


class Dino:
    """At a phone without tones."""

    def __init__(self, directory, server):
        port = free_port()
        with Sipp(directory, 'register', server, port, [('104', ('dino-desk', SIP_PASSWORD))]) as register:
            register.finish()
        self.phone = Sipp(directory, 'answer_and_be_told', server, port)

    def told(self):
        self.phone.finish()


def listen(alto, carla, pulse, settings):
    desk, headset = pulse.ears['desk_out'], Headset(pulse)
    dino = Dino(alto.directory, f'{HOST}:{udp}')
    walk('sound', settings, {
        'carla calls 101': carla.calls,
        'carla is hung up': carla.hung_up,
        'the desk rings': lambda: desk.rings(RING, 3),
        'the desk plays carla': lambda: desk.plays(CARLA_TONE),
        'the desk is silent': desk.is_silent,
        'the headset plays carla': lambda: pulse.ears['headset_out'].plays(CARLA_TONE),
        'carla hears the desk': lambda: carla.phone.hears(DESK_TONE),
        'carla hears the headset': lambda: carla.phone.hears(HEADSET_TONE),
        'the headset is unplugged': headset.unplug,
        'the headset is plugged in': headset.plug_in,
        'dino is there': dino.phone.start,
        'dino was told 5': dino.told,
    })


https, tls, udp = free_port(), free_port(), free_port()
server = Alto({'sip_tls': [f'127.0.0.1:{tls}'], 'sip_udp': [f'{HOST}:{udp}'], 'https': [f'{LOOP}:{https}']}, plain_rtp=True)
authority = make_authority(server.directory, 'authority')
certificate, key = make_signed(server.directory, 'host', f'DNS:{NAME},IP:127.0.0.1', authority)
with server.config.open('a') as config:
    config.write(f'tls: {{certificate: {certificate}, key: {key}}}\n')
with server, Pulse(server.directory) as pulse:
    company(server)
    pulse.microphone('desk_in', DESK_TONE)
    pulse.speaker('desk_out')
    with Phone(server.directory, 'carla', ('carla-desk', SIP_PASSWORD), CARLA_TONE, f'127.0.0.1:{tls}', authority[0],
               extension='103') as phone:
        phone.registered()
        listen(server, Carla(phone), pulse, {
            **believed(server.directory, authority), **pulse.settings, 'ALTO_COMPANY': f'https://{NAME}:{https}',
            'ALTO_ADDRESS': LOOP, 'ALTO_PASSWORD': PASSWORD})
