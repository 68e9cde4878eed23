"""An operator by name: SRV gives two hosts, the first is dead, and the call goes to the second (RFC 3263 §4.3)."""
from names import A, SRV, Names, in_a_world_of_its_own
from server import Alto, free_port
from sipp import Sipp

HOST, DEAD, ALIVE = 'sip.operator.example', '127.0.0.4', '127.0.0.2'


def phone_calls(alto, server, account):
    """A phone (SIPp with digest) calls a number outside; the operator's second host answers it."""
    with Sipp(alto.directory, 'answer', server, 5062, host=ALIVE) as operator, \
            Sipp(alto.directory, 'call', server, free_port(), [('101', account)], service='+33611223344') as phone:
        phone.finish()
        operator.finish()


in_a_world_of_its_own()
server = f'127.0.0.1:{free_port()}'
records = {(f'_sip._udp.{HOST}', SRV): [(10, 0, 5061, 'dead.example'), (20, 0, 5062, 'alive.example')],
           ('dead.example', A): [DEAD], ('alive.example', A): [ALIVE], (HOST, A): [DEAD]}
with Names(records) as names, Alto(listen={'sip_udp': [server]}, plain_rtp=True) as alto:
    accounts = alto.company(people=('101',), srtp='off')
    alto.command('number', 'add', 'acme', '+33142685300', '--user', 'p101')
    alto.command('trunk', 'add', '--shared', 'op', '--host', HOST, '--from', f'{ALIVE},{DEAD}', '--listener', server,
                 '--transport', 'udp', '--srtp', 'off')
    phone_calls(alto, server, accounts['101']['desk'])
    assert (f'_sip._udp.{HOST}', SRV) in names.asked, names.asked
    row = alto.last_call()
    assert row['cause'] == 'answered' and row['callee']['trunk'] == 'op' and row['to'] == '+33611223344', row
    print(row['trace'])
