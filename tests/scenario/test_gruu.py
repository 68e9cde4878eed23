"""A person's baresip phones each have a GRUU: a call to one of them rings that phone alone, a call to the person both."""
import re

from phone import Phone
from server import Alto
from talk import two_phones

OUTBOUND = ';sipnat=outbound'  # with which baresip supports GRUU


def gruu_of(phone, kind):
    """As its registration was told."""
    return re.search(rf'{kind}-gruu="([^"]+)"', phone.output.wait_for(f'{kind}-gruu=')).group(1)


with Alto() as alto:
    accounts = alto.company(devices=('desk', 'mobile'))
    mobile = Phone(alto.directory, 'mobile', accounts['102']['mobile'], 700, f'127.0.0.1:{alto.tls_port}',
                   alto.data / 'tls' / 'self-signed.crt', extension='102', settings=OUTBOUND)
    with two_phones(alto, accounts, settings=OUTBOUND) as (anna, desk), mobile:
        mobile.registered()
        for kind in 'pub', 'temp':
            anna.command('dial', gruu_of(desk, kind))
            desk.wait_for('CALL_INCOMING')
            desk.command('accept')
            for phone in anna, desk:
                phone.wait_for('CALL_ESTABLISHED')
            anna.command('hangup')
            desk.wait_for('CALL_CLOSED')
            desk.output.wait_for('BYE sip:102@acme.example;gr=')  # its Contact of the call is its own public one
        anna.command('dial', 'sip:102@acme.example')
        for phone in desk, mobile:
            phone.wait_for('CALL_INCOMING')
        mobile.output.wait_for('INVITE sip:')
        rung = [line for line in mobile.output.all if line.startswith('INVITE sip:')]
        assert len(rung) == 1, rung
        anna.command('hangup')
        anna.wait_for('CALL_CLOSED')
    print('two calls to one phone, one to the person')
