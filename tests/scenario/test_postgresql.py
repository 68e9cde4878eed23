"""The program on a real PostgreSQL: a crash of the database during a call, a second program, a crash of the program."""
import pathlib
import subprocess
import sys
import tempfile

from server import ALTO, PATIENCE, Alto, free_port, wait_until
from sipp import Sipp

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
from postgresql import Postgresql  # noqa: E402

port = free_port()
server = f'127.0.0.1:{port}'


def register(alto, account, at):
    with Sipp(alto.directory, 'register', server, at, [account]) as phone:
        phone.finish()


def newest_call(alto, right):
    """The newest row, once it is right: rows come a moment after what they tell of, and none while the database is away."""
    def look():
        status, answer = alto.api('GET', '/api/v1/calls')
        return [c for c in answer['items'][:1] if right(c)] if status == 200 else []
    return wait_until(look, 'the newest call as it should be')[0]


def database_crashes_during_a_call(alto, database, phones):
    answer_port, late_port = free_port(), free_port()
    register(alto, phones['102'], answer_port)
    with Sipp(alto.directory, 'answer', server, answer_port) as answer, \
            Sipp(alto.directory, 'call_until_bye', server, free_port(), [phones['101']], service='102') as call:
        [live] = wait_until(lambda: [c for c in alto.listing('calls', '--live') if c['state'] == 'answered'], 'an answered call')
        database.kill()
        # A phone comes while it is down, and is taken from memory.
        register(alto, phones['103'], late_port)
        status = alto.command('status')
        assert 'the database server does not serve us' in status, status
        assert alto.api('GET', '/healthz')[0] == 503
        assert [c['state'] for c in alto.listing('calls', '--live')] == ['answered']
        database.start()
        alto.command('calls', 'hangup', live['id'])
        call.finish()
        answer.finish()
    row = newest_call(alto, lambda c: c['ended'])
    assert row['id'] == live['id'] and row['cause'] == 'hung-up' and row['answered'], row
    assert row['callee']['codec'] == 'PCMU/8000' and 'ring' in str(row['trace']), row
    assert int(database.query('SELECT count(*) FROM calls')) == 1
    # What was taken from memory is written once there is a database again.
    wait_until(lambda: database.query('SELECT count(*) FROM bindings') == '2', 'both bindings in the database')
    assert alto.api('GET', '/healthz') == (200, 'ok\n')
    print('the call outlived the database:', row['cause'], row['started'], row['ended'])
    return answer_port


def second_program_is_refused(alto):
    with tempfile.TemporaryDirectory(prefix='alto-') as directory:
        done = subprocess.run([ALTO, 'serve', '--config', str(alto.config), '--data', directory], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    assert done.returncode == 1 and done.stderr.startswith('alto: database: another alto (connected from'), done
    print(done.stderr.strip())


def program_crashes_during_a_call(alto, phones, answer_port):
    with Sipp(alto.directory, 'answer', server, answer_port) as answer, \
            Sipp(alto.directory, 'call_and_stay', server, free_port(), [phones['101']], service='102') as call:
        call.finish()
        newest_call(alto, lambda c: c['answered'] and not c['ended'])
        alto.kill()
        answer.end()
    alto.start()
    assert [c['cause'] for c in alto.listing('calls')] == ['crashed', 'hung-up']
    # The phone that registered before is called without registering again.
    with Sipp(alto.directory, 'answer', server, answer_port) as answer, \
            Sipp(alto.directory, 'call', server, free_port(), [phones['101']], service='102') as call:
        call.finish()
        answer.finish()
    wait_until(lambda: [c['cause'] for c in alto.listing('calls')] == ['answered', 'crashed', 'hung-up'], 'three calls in the history')
    print('after kill -9: registrations and history are there')


with Postgresql() as database:
    # A password that the server does not ask for, and that nobody may see.
    url = database.url.replace('alto@', 'alto:sesame@')
    with Alto(listen={'sip_udp': [server]}, plain_rtp=True, extra=f'database: "{url}"\n') as alto:
        accounts = alto.company(people=('101', '102', '103'), srtp='off')
        phones = {extension: (extension, devices['desk']) for extension, devices in accounts.items()}
        answer_port = database_crashes_during_a_call(alto, database, phones)
        second_program_is_refused(alto)
        first_log = list(alto.log.all)
        program_crashes_during_a_call(alto, phones, answer_port)
        assert not (alto.data / 'alto.db').exists()
        assert not [line for line in first_log + alto.log.all if 'sesame' in line]
        assert 'sesame' not in alto.command('status', '--json')
        assert int(database.query('SELECT count(*) - count(DISTINCT seq) FROM change')) == 0
