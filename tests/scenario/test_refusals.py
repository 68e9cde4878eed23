"""What cannot work is refused at the start with one clear line, exit status 1, and nothing lost or half started."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from server import ALTO, PATIENCE, Alto, free_port


def refused(*command):
    done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    assert done.returncode == 1, f'{command}: {done.returncode}\n{done.stdout}{done.stderr}'
    [line] = done.stderr.strip().split('\n')
    print(line)
    return line


def serve(directory, text, data='data'):
    config = pathlib.Path(directory) / 'alto.yaml'
    config.write_text(text)
    return refused(ALTO, 'serve', '--config', str(config), '--data', str(pathlib.Path(directory) / data))


def bad_configurations(directory):
    for text, line, *words in (
            ('listen:\n  sip_tls: ["[::]:99999"]\n', 2, 'listen.sip_tls', '99999', 'port'),
            ('node: x\nlisten: {sip_utp: []}\n', 2, 'sip_utp', 'not a key'),
            ('media: {ports: 9-4}\n', 1, 'media.ports', '16384-32767'),
            ('media:\n  plain_rtp: maybe\n', 2, 'media.plain_rtp', 'true or false'),
            ('node: x\ndatabase: mysql://host/alto\n', 2, 'database', 'must be sqlite, or a URL'),
            ('database: postgresql://alto:sesame@host:x/alto\n', 1, 'database', 'port'),
            ('tls: {certificate: /a.pem}\n', 1, 'tls', 'both'),
            ('data: [\n', 2, 'YAML')):
        said = serve(directory, text)
        assert f'alto.yaml:{line}:' in said, said
        for word in words:
            assert word in said, (word, said)
        assert 'sesame' not in said, said
    said = serve(directory, 'listen: {sip_tls: []}\n')
    assert 'no SIP listener' in said, said
    said = serve(directory, 'node: x\n', data='d' * 100)
    assert 'too long' in said, said
    said = refused(ALTO, 'serve', '--config', f'{directory}/none.yaml')
    assert 'none.yaml' in said and 'No such file' in said, said
    assert not (pathlib.Path(directory) / 'data').exists(), 'a refused start left something behind'


def port_in_use(directory):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        for key in 'sip_tls', 'https', 'admin':
            listen = {'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [], 'admin': [], key: [f'127.0.0.1:{port}']}
            said = serve(directory, f'listen: {json.dumps(listen)}\n')
            assert f'listen.{key} 127.0.0.1:{port}' in said and 'in use' in said, said


def second_alto():
    with Alto() as alto:
        config = alto.directory / 'other.yaml'
        config.write_text(f'data: {alto.data}\nlisten: {{sip_tls: ["127.0.0.1:{free_port()}"]}}\n')
        said = refused(ALTO, 'serve', '--config', str(config))
        assert str(alto.data) in said, said
        assert alto.api('GET', '/healthz')[0] == 200  # the first one does not notice


def full_disk(directory):
    """A tmpfs in a mount namespace of its own, filled to the last byte."""
    config = pathlib.Path(directory) / 'alto.yaml'
    config.write_text(f'listen: {{sip_tls: ["127.0.0.1:{free_port()}"]}}\n')
    disk = pathlib.Path(directory) / 'disk'
    disk.mkdir()
    script = (f'mount -t tmpfs -o size=128k tmpfs {disk} && mkdir {disk}/data && '
              f'{{ dd if=/dev/zero of={disk}/filler bs=4k 2>/dev/null; exec {ALTO} serve --config {config} --data {disk}/data; }}')
    said = refused('unshare', '--map-root-user', '--mount', 'sh', '-c', script)
    assert 'full' in said or 'space' in said, said


def bad_certificate(directory):
    broken = pathlib.Path(directory) / 'broken.pem'
    broken.write_text('not a certificate\n')
    said = serve(directory, f'tls: {{certificate: {broken}, key: {broken}}}\n', data='other')
    assert 'broken.pem' in said, said


# ---- as somebody who may less: only root can become that ----

NOBODY = 65534
AS_NOBODY = ('setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups')


class Stranger:
    """A directory that another user may enter, with a copy of the program in it, which the source's own may not be."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.chmod(0o755)
        self.alto = self.directory / 'alto'
        shutil.copy(ALTO, self.alto)
        self.config = self.directory / 'stranger.yaml'
        self.own = self.directory / 'own'  # what the stranger may write
        self.own.mkdir()
        os.chown(self.own, NOBODY, NOBODY)

    def serve(self, text, data):
        self.config.write_text(text)
        self.config.chmod(0o644)
        return refused(*AS_NOBODY, str(self.alto), 'serve', '--config', str(self.config), '--data', str(data))

    def file(self, name, text='', mode=0o600):
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)
        return path


def missing_rights(directory):
    stranger = Stranger(directory)
    tls = f'listen: {{sip_tls: ["127.0.0.1:{free_port()}"]}}\n'

    said = stranger.serve('listen: {sip_tls: ["127.0.0.1:661"]}\n', stranger.own / 'low')
    assert 'listen.sip_tls 127.0.0.1:661' in said and 'ports below 1024' in said, said
    assert not (stranger.own / 'low' / 'alto.sock').exists()

    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj',
                    '/CN=x', '-keyout', f'{directory}/x.key', '-out', f'{directory}/x.crt'], check=True, capture_output=True)
    for unreadable, other in (('x.key', 'x.crt'), ('x.crt', 'x.key')):
        (stranger.directory / unreadable).chmod(0o600)
        (stranger.directory / other).chmod(0o644)
        said = stranger.serve(tls + f'tls: {{certificate: {directory}/x.crt, key: {directory}/x.key}}\n', stranger.own / 'a')
        assert unreadable in said and 'Permission denied' in said, said

    hidden = stranger.file('hidden.yaml')
    said = refused(*AS_NOBODY, str(stranger.alto), 'serve', '--config', str(hidden))
    assert 'hidden.yaml' in said and 'Permission denied' in said, said

    others = stranger.directory / 'others'
    others.mkdir(mode=0o700)
    said = stranger.serve(tls, others)
    assert str(others) in said and 'may not write there' in said, said
    said = stranger.serve(tls, stranger.directory / 'none')
    assert str(stranger.directory / 'none') in said and 'may not write there' in said, said
    assert list(others.iterdir()) == [] and not (stranger.directory / 'none').exists()


def database_of_another(directory):
    """The directory is ours, the database in it is not."""
    stranger = Stranger(directory)
    data = stranger.own / 'data'
    with Alto(directory=directory) as alto:
        pass
    shutil.copytree(alto.data, data)
    for path in (data, *data.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    (data / 'alto.db').chmod(0o444)
    os.chown(data / 'alto.db', 0, 0)
    said = stranger.serve(f'listen: {{sip_tls: ["127.0.0.1:{free_port()}"]}}\n', data)
    assert 'alto.db' in said and 'write' in said, said
    assert not (data / 'alto.sock').exists()


def socket_of_another(directory):
    with Alto(directory=directory) as alto:
        stranger = Stranger(directory)
        for path in (alto.directory, alto.data):
            path.chmod(0o755)  # the socket's own mode is what stands in the way
        said = refused(*AS_NOBODY, str(stranger.alto), 'status', '--data', str(alto.data))
        assert 'no right to' in said and 'alto.sock' in said, said


def no_server(directory):
    said = refused(ALTO, 'status', '--data', f'{directory}/nothing')
    assert 'is `alto serve` running?' in said, said
    with Alto() as alto:
        left = pathlib.Path(directory) / 'left'
        left.mkdir()
        os.link(alto.data / 'alto.sock', left / 'alto.sock')
    said = refused(ALTO, 'status', '--data', str(left))  # a socket that nobody serves any more
    assert 'is `alto serve` running?' in said, said


def starts_after_refusal(directory):
    """What a refused start leaves does not stand in the way of the next: no lock, no socket, no process."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        alto = Alto(listen={'sip_tls': [f'127.0.0.1:{port}']}, directory=directory)
        said = refused(ALTO, 'serve', '--config', str(alto.config))
        assert 'in use' in said, said
        assert not (alto.data / 'alto.sock').exists()
    with alto:
        assert alto.api('GET', '/healthz')[0] == 200


for check in (bad_configurations, port_in_use, bad_certificate, full_disk, no_server, starts_after_refusal,
              *((missing_rights, database_of_another, socket_of_another) if os.getuid() == 0 else ())):
    with tempfile.TemporaryDirectory(prefix='alto-') as directory:
        check(directory)
second_alto()
if os.getuid() != 0:
    print('not root: what another user may not do was not tried')
