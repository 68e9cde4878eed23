"""Certificates made for a test."""
import subprocess


def make_pair(directory, name):
    """A certificate that signs itself, and its key."""
    certificate, key = directory / f'{name}.crt', directory / f'{name}.key'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
                    '100', '-subj', f'/CN={name}', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', str(key), '-out',
                    str(certificate)], check=True, capture_output=True)
    return certificate, key
