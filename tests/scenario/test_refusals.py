"""What cannot work is refused at the start with one clear line, exit status 1, and nothing lost or half started."""
import pathlib
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
        said = serve(directory, f'listen: {{sip_tls: ["127.0.0.1:{port}"]}}\n')
        assert f'listen.sip_tls 127.0.0.1:{port}' in said and 'in use' in said, said


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


with tempfile.TemporaryDirectory(prefix='alto-') as directory:
    bad_configurations(directory)
    port_in_use(directory)
    bad_certificate(directory)
    full_disk(directory)
second_alto()
