"""One call's story and its messages over the socket, its end from here, and nothing of the people in the log."""
from server import Alto, free_port
from sipp import Sipp
from talk import call, two_phones

# Nothing else in a log looks like these.
NAME, EXTENSION, OTHER = 'Wilhelmina Quetzal', '7319402685', '8642097531'
LOGIN, USERNAME, PASSWORD = 'wquetzal', 'phone-of-zanzibar', 'secret-Xylophone-77'
SECRETS = ('response="', 'nonce="', 'cnonce="')


def company(alto):
    alto.command('tenant', 'add', 'acme', '--domain', 'acme.example')
    accounts = {}
    for extension, login, name, username in ((EXTENSION, LOGIN, NAME, USERNAME),
                                             (OTHER, 'other', 'Otto Other', 'phone-of-timbuktu')):
        alto.command('user', 'add', 'acme', login, '--extension', extension, '--name', name)
        alto.command('device', 'add', 'acme', login, 'desk', '--username', username, '--password', PASSWORD)
        accounts[extension] = {'desk': (username, PASSWORD)}
    return accounts


def check_story(alto, call_id):
    status, story = alto.api('GET', f'/api/v1/calls/{call_id}')
    assert status == 200 and (story['state'], story['cause'], story['ended_by']) == ('over', 'hung-up', 'alto'), story
    assert story['caller']['tls'].startswith('TLSv1.'), story
    assert [line for line in story['trace'] if 'ended: hung-up, by alto' in line], story
    first, last = story['decisions'][0], story['decisions'][-1]
    assert (first['at_ms'], first['kind'], first['values']) == (0, 'calls', {'from': EXTENSION, 'to': OTHER}), first
    assert (last['kind'], last['values']) == ('ended', {'cause': 'hung-up', 'by': 'alto'}), last
    assert len(story['decisions']) == len(story['trace']), story

    messages, cursor = [], ''
    while cursor is not None:  # page by page
        page = alto.api('GET', f'/api/v1/calls/{call_id}/messages?limit=3' + (f'&cursor={cursor}' if cursor else ''))[1]
        assert 0 < len(page['items']) <= 3, page
        messages += page['items']
        cursor = page['next']
    texts = [m['text'] for m in messages]
    assert texts[0].startswith('INVITE ') and messages[0]['direction'] == 'received', messages[0]
    assert messages[0]['side'] == 'caller' and messages[0]['transport'] == 'TLS', messages[0]
    byes = [m for m in messages if m['text'].startswith('BYE ')]
    assert sorted(m['side'] for m in byes) == ['callee', 'caller'], byes
    for bye in byes:
        assert bye['direction'] == 'sent' and '\r\nReason: SIP;cause=480;text="Ended by the operator"\r\n' in bye['text'], bye
    keys = [line for text in texts for line in text.splitlines() if line.startswith('a=crypto')]
    assert len(keys) >= 4 and all(line.endswith(' inline:*') for line in keys), keys
    for secret in SECRETS:
        assert not [t for t in texts if secret in t], secret
    assert NAME in ''.join(texts)


def check_command(alto, call_id):
    shown = alto.command('calls', 'show', call_id)
    print(shown)
    for words in ('ended: hung-up, by alto', 'INVITE sip:', 'BYE sip:', '200 OK (INVITE)', OTHER):
        assert words in shown, (words, shown)
    assert 'a=crypto' not in shown and NAME not in shown, shown
    whole = alto.command('calls', 'show', call_id, '--messages')
    assert 'inline:*' in whole and 'Reason: SIP;cause=480' in whole, whole
    assert 'unknown' not in alto.command('calls', 'show', call_id, '--json')
    assert 'no call with the id' in alto.command('calls', 'show', 'none', status=1)
    assert 'is in progress' in alto.command('calls', 'hangup', call_id, status=1)
    assert 'is in progress' in alto.command('calls', 'hangup', 'none', status=1)
    alto.command('calls', 'hangup', status=2)
    alto.command('calls', 'hangup', call_id, '--all', status=2)
    alto.command('calls', 'hangup', '--all', status=2)


def other_company(alto):
    """Whose people have the same logins and extensions."""
    alto.command('tenant', 'add', 'zz', '--domain', 'zz.example')
    for extension, login in ((EXTENSION, LOGIN), (OTHER, 'other')):
        alto.command('user', 'add', 'zz', login, '--extension', extension, '--name', 'Zora Elsewhere')


def check_names(call):
    names = call['caller']['name'], call['callee']['name']
    assert names == (NAME, 'Otto Other'), names


def check_log(alto):
    log = '\n'.join(alto.log.all)
    assert 'serve.ready' in log
    for word in (NAME, 'Wilhelmina', 'Quetzal', EXTENSION, OTHER, LOGIN, USERNAME, 'timbuktu', PASSWORD, 'Otto', 'Zora', 'sip:'):
        assert word not in log, f'{word} stands in the log:\n{log}'


def hung_up_from_here():
    with Alto() as alto:
        accounts = company(alto)
        other_company(alto)
        with two_phones(alto, accounts) as (anna, bruno):
            call(anna, bruno, OTHER)
            [live] = alto.listing('calls', '--live')
            check_names(live)
            assert alto.api('GET', f'/api/v1/calls/{live["id"]}')[1]['state'] == 'answered'
            # At once, though they are collected for a while: what was sent before a phone said "established" is there.
            page = alto.api('GET', f'/api/v1/calls/{live["id"]}/messages')[1]['items']
            assert any(m['text'].startswith('SIP/2.0 200 ') and m['side'] == 'caller' for m in page), page
            alto.command('calls', 'hangup', live['id'])
            for phone in (anna, bruno):
                phone.wait_for('CALL_CLOSED')

            # Another, ended while it rings, with all of the company's: the callee's phone is told by CANCEL.
            anna.command('dial', f'sip:{OTHER}@acme.example')
            bruno.wait_for('CALL_INCOMING')
            anna.command('dial', 'sip:nobody@acme.example')
            assert 'being ended: 1.' in alto.command('calls', 'hangup', '--tenant', 'acme', '--all')
            bruno.wait_for('CALL_CLOSED')
        rows = {c['id']: c for c in alto.last_calls(2)}
        [rung] = [c for c in rows.values() if c['cause'] == 'hung-up' and c['id'] != live['id']]
        for row in live['id'], rung['id']:  # the second was never answered
            check_names(alto.api('GET', f'/api/v1/calls/{row}')[1])
        check_story(alto, live['id'])
        check_command(alto, live['id'])
        messages = alto.api('GET', f'/api/v1/calls/{rung["id"]}/messages')[1]['items']
        [cancel] = [m['text'] for m in messages if m['text'].startswith('CANCEL ')]
        assert 'Ended by the operator' in cancel, cancel
        unanswered = alto.command('calls', 'show', rung['id'])
        assert 'no voice yet' in unanswered and 'voice in clear' not in unanswered, unanswered
        assert 'being ended: 0.' in alto.command('calls', 'hangup', '--tenant', 'acme', '--all')
        log = alto.log
    check_log(alto)


def switched_off():
    udp = f'127.0.0.1:{free_port()}'
    with Alto(listen={'sip_udp': [udp]}, plain_rtp=True, extra='trace: {sip: false}\n') as alto:
        accounts = alto.company(srtp='off')
        caller, callee, port = ('101', accounts['101']['desk']), ('102', accounts['102']['desk']), free_port()
        with Sipp(alto.directory, 'register', udp, port, [callee]) as register:
            register.finish()
        with Sipp(alto.directory, 'answer', udp, port) as answer, \
                Sipp(alto.directory, 'call', udp, free_port(), [caller], service='102') as one:
            one.finish()
            answer.finish()
        row = alto.last_call()
        assert 'No SIP message of this call is kept' in alto.command('calls', 'show', row['id'])
        warned = alto.api('GET', '/api/v1/status')[1]['warnings']
        assert [w for w in warned if f'UDP {udp}' in w] and [w for w in warned if 'Unencrypted voice' in w], warned


hung_up_from_here()
switched_off()
