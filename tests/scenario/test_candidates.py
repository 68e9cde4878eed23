"""Where a browser is told to send its voice: to the addresses of this host that it can reach, of both families, from
outside to the one that stands for us on the other side of NAT, and on this very host, where a proxy may speak for somebody
from anywhere, to all of them."""
import os
import re
import subprocess
import sys

from server import Alto, free_port
from softphone import Softphone
from webphone import WebCall

OURS, SIXTH, PUBLIC = '10.0.0.5', '2001:db8::5', '198.51.100.9'
INSIDE, OUTSIDE, OUTSIDE_SIXTH = '10.0.0.7', '192.0.2.77', '2001:db8:77::7'

if 'ALTO_OWN_NETWORK' not in os.environ:
    os.environ['ALTO_OWN_NETWORK'] = '1'
    # Addresses of a loopback interface are told to nobody: those of the phones are there.
    script = f'''set -e
ip link set lo up
for host in {INSIDE}/32 {OUTSIDE}/32 {OUTSIDE_SIXTH}/128; do ip address add $host dev lo; done
ip link add office type veth peer name wall
ip address add {OURS}/24 dev office
ip address add {SIXTH}/64 dev office nodad
ip link set office up
ip link set wall up
exec "$@"'''
    os.execvp('unshare', ['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', script, 'sh', sys.executable, *sys.argv])


class PageCall(WebCall):
    def _take_answer(self, remote):
        super()._take_answer(remote)
        self.candidates = re.findall(r'a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host', remote)
        self.told = re.search(r'c=IN IP. (\S+)', remote).group(1), re.search(r'm=audio (\d+)', remote).group(1)


class Page(Softphone):
    """Like a browser, but for its way to us."""
    call = PageCall


def candidates(alto, account, extension, host, server, callee):
    """The addresses that the answer names, the first one first, all with the same port, which is the node's last one."""
    with Page(account, extension, (server, port), 'tls', host) as page:
        page.register()
        call = page.dial('101')
        answered = callee.incoming().accept()
        call.answered()
        call.hang_up()
        answered.ended()
    assert {told for _, told in [*call.candidates, call.told]} == {str(alto.media[-1])}, (call.candidates, call.told)
    hosts = [host for host, _ in call.candidates]
    assert call.told[0] == hosts[0], (call.told, hosts)
    return [hosts[0], *sorted(hosts[1:])]


def check(alto, accounts, callee_at, cases):
    with Page(accounts['101']['desk'], '101', callee_at[:2], 'tls', callee_at[-1]) as callee:
        callee.register()
        for extension, host, server, expected in cases:
            found = candidates(alto, accounts[extension]['desk'], extension, host, server, callee)
            assert found == expected, (host, found, expected)
            print(f'{host} is told {found}')


def test_networks():
    with Alto(listen={'sip_tls': [f'{OURS}:{port}', f'[{SIXTH}]:{port}', f'127.0.0.1:{port}']},
              extra=f'networks: [{{local: {OURS}, public: {PUBLIC}, internal: [10.0.0.0/8]}}]\n') as alto:
        accounts = alto.company(people=('101', '102', '103', '104', '105'), srtp='dtls')
        check(alto, accounts, (OURS, port, INSIDE), (
            # From inside both: it may be a proxy of somebody outside, and a router may not lead the public address back.
            ('102', INSIDE, OURS, [OURS, PUBLIC, SIXTH]),
            ('105', '127.0.0.1', '127.0.0.1', ['127.0.0.1', OURS, PUBLIC, SIXTH, '::1']),
            ('103', OUTSIDE, OURS, [PUBLIC, SIXTH]),
            # No public address of the other family is known to be of use, and ours of the office is none.
            ('104', OUTSIDE_SIXTH, SIXTH, [SIXTH])))


def test_this_host():
    """Who comes by `localhost` may speak from an address of the other family alone."""
    with Alto(listen={'sip_tls': [f'127.0.0.1:{port}', f'[::1]:{port}']}) as alto:
        accounts = alto.company(people=('101', '102', '103'), srtp='dtls')
        callee_at = '127.0.0.1', port, '127.0.0.1'
        check(alto, accounts, callee_at, (('102', '127.0.0.1', '127.0.0.1', ['127.0.0.1', OURS, SIXTH, '::1']),
                                          ('103', '::1', '::1', ['::1', OURS, '127.0.0.1', SIXTH])))
        # Without any network: which addresses there are is asked when the first browser comes.
        alto.stop()
        subprocess.run(['ip', 'link', 'del', 'office'], check=True)
        alto.start()
        check(alto, accounts, callee_at, (('102', '127.0.0.1', '127.0.0.1', ['127.0.0.1', '::1']),
                                          ('103', '::1', '::1', ['::1', '127.0.0.1'])))


port = free_port()
test_networks()
test_this_host()
