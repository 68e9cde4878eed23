"""
sipvicious at work: it is recognised by its name and, under another one, by what it does; it is banned by its address and
heard again when lifted, while a phone calls.
"""
import contextlib
import subprocess
import tempfile

from server import PATIENCE, Alto, free_port
from softphone import Softphone, talk

port = free_port()
SERVER = ('127.0.0.1', port)
CRACKER, PHONES = '127.0.0.1', '127.0.0.5'  # svcrack knows no other address of its own
AS_ITSELF = 'svcrack',
# It has no option for its User-Agent, which is the default of a parameter.
AS_A_PHONE = '/usr/bin/python3', '-c', """
import sys
sys.path.insert(0, '/usr/share/sipvicious')
from sipvicious import svcrack
make = svcrack.makeRequest
make.__defaults__ = tuple('Yealink SIP-T46U' if value == 'friendly-scanner' else value for value in make.__defaults__)
svcrack.main()
"""
TRIES = 5  # of a name at an address, before it is slowed; svcrack's first is the name itself


def scan(home, *command):
    """A scanner, from its start to its end; what it says."""
    done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                          env={'HOME': home, 'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8'}, check=False)
    return done.stdout + done.stderr


def calls(ann, bob, say):
    a, b = talk(ann, bob, '102')
    a.voice.say(say)
    b.voice.hears(say)
    a.hang_up()
    b.ended()


@contextlib.contextmanager
def cracker(home, program, name, passwords):
    """svcrack at work on one name, until it has given up or is no longer needed."""
    process = subprocess.Popen([*program, '-t', '0.02', '-p', str(port), '-u', name, '-r', passwords, '127.0.0.1'],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={'HOME': home, 'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8'})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def crack(alto, home, seen, program=AS_ITSELF, names=('acme-101-desk',), passwords='1000-1050'):
    """One svcrack for each name, until the bans are as they should be by then, or all have given up; the bans."""
    with contextlib.ExitStack() as stack:
        crackers = [stack.enter_context(cracker(home, program, name, passwords)) for name in names]
        bans = alto.listing('bans')
        while not seen(bans) and any(c.poll() is None for c in crackers):
            bans = alto.listing('bans')
    return bans


with Alto(listen={'sip_udp': [f'127.0.0.1:{port}']}, plain_rtp=True) as alto, tempfile.TemporaryDirectory() as home:
    accounts = alto.company(srtp='off')
    with Softphone(accounts['101']['desk'], '101', SERVER, host=PHONES) as ann, \
            Softphone(accounts['102']['desk'], '102', SERVER, host=PHONES) as bob:
        ann.register()
        bob.register()
        assert alto.command('bans') == 'Nobody is banned.\n'

        # A guesser brings back our nonce, and that is its last word.
        ban, = crack(alto, home, bool)
        assert ban['address'] == CRACKER and ban['why'] == 'It says itself that it is a scanner.', ban
        assert ban['since'] < ban['until'] and ban['times'] == 1, ban
        table = alto.command('bans')
        assert CRACKER in table and ban['why'] in table, table
        assert 'banned' in alto.command('status')
        dropped = crack(alto, home, lambda bans: bans[0]['dropped'] > ban['dropped'])[0]['dropped']
        assert dropped > ban['dropped'], dropped
        ann.register()
        calls(ann, bob, 2)

        # Lifted, it is heard, and banned again for longer or as long.
        assert alto.command('bans', 'lift', CRACKER) == f'The ban of {CRACKER} is lifted.\n'
        assert alto.listing('bans') == []
        assert 'no ban' in alto.command('bans', 'lift', CRACKER, status=1)
        alto.command('bans', 'lift', status=2)
        assert [b['address'] for b in crack(alto, home, bool)] == [CRACKER]
        assert alto.command('bans', 'lift', '--all') == '1 bans lifted.\n'
        calls(ann, bob, 3)

        # Under the name of a phone it is banned for what it does: it guesses the password of one, and then names.
        ban, = crack(alto, home, bool, AS_A_PHONE)
        assert ban['address'] == CRACKER and ban['why'] == 'It tried wrong passwords, again and again.', ban
        assert alto.command('bans', 'lift', '--all') == '1 bans lifted.\n'
        # About half of these are challenged with SHA-256 once it has answered, at which svcrack gives up.
        ban, = crack(alto, home, bool, AS_A_PHONE, [f'nobody-{n}' for n in range(12)], f'1001-{1000 + TRIES - 1}')
        assert ban['address'] == CRACKER and ban['why'] == 'It tried device names that do not exist, again and again.', ban
        assert alto.command('bans', 'lift', '--all') == '1 bans lifted.\n'
        calls(ann, bob, 5)

        # Who only asks proves no address: not banned, and told nothing.
        said = scan(home, 'svmap', '-t', '0.05', '-p', str(port), '127.0.0.1')
        assert '127.0.0.1:' not in said, said
        said = scan(home, 'svwar', '-t', '0.05', '-p', str(port), '-e', '100-110',
                    '--maximumtime', '1', '127.0.0.1')
        # It tries a name that cannot be there first, hears what 101 would hear, and gives up.
        assert 'authentication request for an unknown extension' in said and 'found nothing' in said, said
        assert 'acme' not in said and 'reqauth' not in said, said
        assert alto.listing('bans') == []
        calls(ann, bob, 4)
        print(f'svmap and svwar learned nothing; svcrack was banned for its name, for passwords and for names that it tried, and '
              f'lifted; {dropped} of its requests were not read')
