"""A phone on TLS loses its server to a `kill -9` and comes back by itself; a call meanwhile waits for it and reaches it."""
from phone import Phone
from server import Alto

WAITED = ['device desk: its connection is gone, waiting for it', 'device desk is back, ring it']

with Alto() as alto:
    accounts = alto.company()

    def phone(extension, tone, **more):
        return Phone(alto.directory, f'phone-{extension}', accounts[extension]['desk'], tone,
                     f'127.0.0.1:{alto.tls_port}', alto.data / 'tls' / 'self-signed.crt', extension=extension, **more)

    def registration():
        [found] = [r for d in alto.listing('device', 'list') for r in d['registrations']]
        return found

    def call_while_it_is_away():
        """Whether a call to a phone that does not know yet that its server was gone has waited for it."""
        callee.wait_for('REGISTER_OK')  # and now, for 6 s, it does not notice
        alto.kill()
        alto.start()
        away = not registration()['reachable']
        caller.command('dial', 'sip:102@acme.example')
        caller.wait_for('CALL_RINGING')
        callee.wait_for('CALL_INCOMING')
        assert registration()['reachable'], registration()
        callee.command('accept')
        caller.wait_for('CALL_ESTABLISHED')
        caller.command('hangup')
        callee.wait_for('CALL_CLOSED')
        row = alto.last_call()
        print(*row['trace'], sep='\n')
        assert row['cause'] == 'answered', row
        decisions = [line.split(' ', 1)[1] for line in row['trace']]
        return away and decisions[1:3] == WAITED

    # It registers again after 10 % of the 60 s it was given: 6 s, well within what a call waits.
    with phone('102', 880, settings=';rwait=10') as callee, phone('101', 440, register=False) as caller:
        callee.registered()
        assert registration()['reachable'], registration()
        # On a busy machine it may be back already when the call comes.
        assert any(call_while_it_is_away() for _ in range(5)), 'no call has waited'
