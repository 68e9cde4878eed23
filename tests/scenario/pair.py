"""Certificates made for a test: such as sign themselves, and an authority whose own a browser believes."""
import subprocess


def make(directory, name, *more):
    """The paths of a certificate and its key; more: for openssl."""
    paths = directory / f'{name}.crt', directory / f'{name}.key'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '100',
                    '-subj', f'/CN={name}', '-keyout', str(paths[1]), '-out', str(paths[0]), *more], check=True,
                   capture_output=True)
    return paths


def make_pair(directory, name):
    """A certificate that signs itself."""
    return make(directory, name, '-addext', 'subjectAltName=IP:127.0.0.1')


def make_authority(directory, name):
    """One that signs others."""
    return make(directory, name, '-addext', 'basicConstraints=critical,CA:TRUE')


def make_signed(directory, name, subjects, by):
    """by: an authority. subjects: 'DNS:...,IP:...'."""
    return make(directory, name, '-addext', f'subjectAltName={subjects}', '-CA', str(by[0]), '-CAkey', str(by[1]))


def make_expired(directory, name, subjects, by):
    """One that this authority made good until yesterday."""
    paths = directory / f'{name}.crt', directory / f'{name}.key'
    asked = subprocess.run(['openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj',
                            f'/CN={name}', '-addext', f'subjectAltName={subjects}', '-keyout', str(paths[1])], check=True,
                           capture_output=True)
    subprocess.run(['openssl', 'x509', '-req', '-days', '-1', '-set_serial', '2', '-copy_extensions', 'copy', '-CA', str(by[0]),
                    '-CAkey', str(by[1]), '-out', str(paths[0])], input=asked.stdout, check=True, capture_output=True)
    return paths


def believed(directory, authority):
    """What the environment of a browser needs to believe it, and nobody else that we made: a home with NSS's store."""
    home, store = directory / 'home', directory / 'home' / '.pki' / 'nssdb'
    store.mkdir(parents=True)
    for command in ['-N', '--empty-password'], ['-A', '-n', 'authority', '-t', 'C,,', '-i', str(authority[0])]:
        subprocess.run(['certutil', '-d', f'sql:{store}', *command], check=True, capture_output=True)
    return {'HOME': str(home)}
