"""An orderly end that takes long: what falls due meanwhile, such as the keep-alives of phones, finds nothing that is gone."""
import concurrent.futures
import signal
import sqlite3
import threading

from server import PATIENCE, Alto, free_port, wait_until
from softphone import Softphone

PHONES = 32  # their keep-alives are spread over 25 s

udp = free_port()
with Alto(listen={'sip_udp': [f'127.0.0.1:{udp}']}) as alto:
    alto.company(people=('101',), devices=())

    def phone(n):
        device = {'tenant': 'acme', 'user': 'p101', 'name': f'd{n}'}
        account = alto.api('POST', '/api/v1/devices', device)[1]['account']
        Softphone((account['username'], account['password']), '101', ('127.0.0.1', udp)).register()

    with concurrent.futures.ThreadPoolExecutor(8) as at_once:
        list(at_once.map(phone, range(PHONES)))
    figures = alto.api('GET', '/api/v1/status')[1]['figures']
    assert figures['bindings'] == PHONES, figures

    # Somebody else holds the database, so the end waits for the last write, for as long as SQLite's own patience (5 s):
    # one in five keep-alives falls due while the parts are being taken down.
    with sqlite3.connect(alto.data / 'alto.db', isolation_level=None) as holder:
        holder.execute('BEGIN IMMEDIATE')
        late = threading.Thread(target=alto.command, args=('tenant', 'add', 'late', '--domain', 'late.example'),
                                kwargs={'status': 1})
        late.start()
        wait_until(lambda: alto.api('GET', '/api/v1/status')[1]['store']['waiting_jobs'], 'a write that waits')
        alto.process.send_signal(signal.SIGINT)
        status = alto.process.wait(PATIENCE)
    late.join()
    assert status == 0, f'alto ended with {status}:\n' + '\n'.join(alto.log.all[-20:])
