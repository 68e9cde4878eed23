"""What cannot be cut out of a TCP connection is answered with its status before the connection ends."""
import socket

from server import Alto, PATIENCE, free_port


def message(length, number):
    return (f'OPTIONS sip:acme.example SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK{number}\r\n'
            f'From: <sip:a@b.example>;tag=1\r\nTo: <sip:acme.example>\r\nCall-ID: stream{number}\r\nCSeq: 1 OPTIONS\r\n'
            f'Max-Forwards: 70\r\n{length}\r\n').encode()


def told(port, *parts):
    """All that comes back until the other side ends the connection."""
    with socket.create_connection(('127.0.0.1', port), timeout=PATIENCE) as s:
        for part in parts:
            s.sendall(part)
        answer = b''
        while more := s.recv(65536):
            answer += more
    return answer.decode()


port = free_port()
with Alto(listen={'sip_tcp': [f'127.0.0.1:{port}']}) as alto:
    for number, (length, status) in enumerate((('Content-Length: 70000\r\n', 'SIP/2.0 513 '),
                                               ('Content-Length: 99999999999999999999\r\n', 'SIP/2.0 513 '),
                                               ('Content-Length: -1\r\n', 'SIP/2.0 400 '),
                                               ('l: 5\r\nContent-Length: 0\r\n', 'SIP/2.0 400 '),
                                               ('', 'SIP/2.0 400 '))):
        answer = told(port, message(length, number))
        print(repr(length), answer.split('\r\n')[0])
        assert answer.startswith(status) and f'Call-ID: stream{number}\r\n' in answer, answer
    # The message before it is answered too; after it nothing is.
    answer = told(port, message('Content-Length: 0\r\n', 10) + message('', 11) + message('Content-Length: 0\r\n', 12))
    assert [line[:11] for line in answer.split('\r\n') if line.startswith('SIP/2.0 ')] == ['SIP/2.0 200', 'SIP/2.0 400'], answer
    # Nothing that could be answered: silence.
    assert told(port, b'GET / HTTP/1.1\r\nHost: x\r\n\r\n') == ''
    assert told(port, b'\x16\x03\x01' * 100) == ''
