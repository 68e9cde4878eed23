"""A company's server is told of its calls and messages: signed, tried again until it takes them, and a crash loses nothing.

One that does not answer holds up nobody but itself.
"""
import collections
import hashlib
import hmac
import http.server
import json
import pathlib
import queue
import ssl
import subprocess
import tempfile
import threading
import time

from openapi import Api
from server import PATIENCE, Alto, free_port
from talk import call, two_phones


class Receiver(http.server.ThreadingHTTPServer):
    """What comes to a path waits in came[path]; it is answered with what answers[path] gives, once that is there."""

    daemon_threads = True

    def __init__(self, directory):
        self.port = free_port()
        self.came, self.answers = (collections.defaultdict(queue.Queue) for _ in range(2))
        self.certificate, key = directory / 'receiver.crt', directory / 'receiver.key'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-days', '2', '-subj', '/CN=receiver', '-addext', 'subjectAltName=IP:127.0.0.1',
                        '-keyout', str(key), '-out', str(self.certificate)], check=True, capture_output=True)
        super().__init__(('127.0.0.1', self.port), Answering)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """Alto was killed in the middle of it."""


class Answering(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        answer = f'said\tby {self.path}\n'.encode()
        self.server.came[self.path].put((self.headers, body))
        self.send_response(self.server.answers[self.path].get(timeout=4 * PATIENCE))
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Webhook:
    def __init__(self, api, receiver, path, **fields):
        self.api, self.receiver, self.where = api, receiver, path
        made = api.good('createWebhook', body={'tenant': 'acme', 'name': path, 'url': f'https://127.0.0.1:{receiver.port}{path}',
                                               **fields}).json
        self.secret, self.path = made['secret'], {'id': made['id']}

    def hears(self):
        """The next delivery, whose signature is good; it waits for its answer."""
        headers, body = self.receiver.came[self.where].get(timeout=PATIENCE)
        assert is_genuine(self.secret, headers['Alto-Signature'], body), headers
        assert not is_genuine(self.secret + '0', headers['Alto-Signature'], body)
        assert not is_genuine(self.secret, headers['Alto-Signature'], body + b' ')
        told = json.loads(body)
        self.api.validate(told, self.api.schemas['WebhookBody'], 'a delivery')
        assert (told['id'], told['event']) == (headers['Alto-Delivery'], headers['Alto-Event']), (headers, told)
        assert (told['tenant'], told['webhook']) == ('acme', self.path['id']), told
        return told

    def answers(self, status=200):
        self.receiver.answers[self.where].put(status)

    def takes(self, status=200):
        told = self.hears()
        self.answers(status)
        return told

    def delivery(self, wanted, **state):
        """It, once what came of a try is written."""
        until, seen = time.monotonic() + PATIENCE, []
        while time.monotonic() < until:
            seen = [d for d in self.api.good('listDeliveries', self.path).json['items'] if d['id'] == wanted]
            for d in seen:
                if all(d[name] == value for name, value in state.items()):
                    return d
        raise AssertionError(f'delivery {wanted} did not become {state}: {seen}')


def lasting(call):
    """What it is from its end on. The last figures of its voice come a moment later, perhaps after it was told."""
    figures = 'packets_in', 'packets_out', 'lost', 'jitter_us', 'round_trip_us'
    return {**call, **{side: {k: v for k, v in call[side].items() if k not in figures} for side in ('caller', 'callee')}}


def is_genuine(secret, signature, body):
    """As docs/api.md has it."""
    parts = dict(part.split('=', 1) for part in signature.split(','))
    expected = hmac.new(secret.encode(), parts['t'].encode() + b'.' + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts['v1'])


def test_a_call(alto, accounts, all_of_it, its_end):
    """Returns the end of it, which the one has heard and not answered, and the other has taken."""
    with two_phones(alto, accounts) as (first, second):
        call(first, second)
        started, answered = all_of_it.takes(), all_of_it.takes(202)
        assert [t['event'] for t in (started, answered)] == ['call.started', 'call.answered'], (started, answered)
        assert started['call']['answered'] is None and answered['call']['answered'] == answered['at'], answered
        second.command('hangup')
        ended = all_of_it.hears()
        row = alto.last_call()
    assert ended['event'] == 'call.ended' and lasting(ended['call']) == lasting(row), (ended, row)
    other = its_end.takes()
    assert lasting(other['call']) == lasting(row) and other['id'] != ended['id'], other
    its_end.delivery(other['id'], state='delivered')  # or a crash before that is written has it told again
    done = all_of_it.delivery(answered['id'], state='delivered')
    assert (done['status'], done['tries'], done['next'], done['answer']) == (202, 1, None, 'said by /all'), done
    return ended


def test_a_crash_and_an_ill_server(alto, webhook, ended):
    alto.kill()
    alto.start()
    webhook.answers(500)  # the answer that nobody hears any more
    again = webhook.takes(500)
    assert (again['id'], lasting(again['call'])) == (ended['id'], lasting(ended['call'])), again
    waits = webhook.delivery(ended['id'], tries=1, state='waiting')
    assert waits['status'] == 500 and waits['next'] > waits['tried'] and waits['call'] == ended['call']['id'], waits
    assert webhook.api.good('getWebhook', webhook.path).json['failing']
    for tries, status in ((2, 500), (3, 200)):
        webhook.api.good('retryDelivery', webhook.path, body={'delivery': ended['id']})
        assert webhook.takes(status)['id'] == ended['id']
        done = webhook.delivery(ended['id'], tries=tries)
    assert (done['state'], done['status'], done['next']) == ('delivered', 200, None), done
    assert webhook.api.good('getWebhook', webhook.path).json['failing'] is None


def test_tests_and_secrets(webhook):
    begun = webhook.api.good('testWebhook', webhook.path).json
    told = webhook.takes()
    assert (told['id'], told['event'], told['call']) == (begun['id'], 'test', None), told
    webhook.secret = webhook.api.good('renewSecret', webhook.path).json['secret']
    webhook.api.good('testWebhook', webhook.path)
    webhook.takes(302)  # not followed, so not taken
    assert webhook.delivery(webhook.api.good('listDeliveries', webhook.path).json['items'][0]['id'], state='given-up')['status'] == 302


TEXT = 'Watson-come-here-I-want-to-see-you'


def test_messages(alto, webhook, text=TEXT):
    """Between real phones."""
    with two_phones(alto, alto.people('acme', ('103', '104')), contacts='<sip:104@acme.example>\n') as (first, second):
        first.command('message', text)
        second.output.wait_for(text)
        told = webhook.takes()
        second.stop()
        first.command('message', text)
        lost = webhook.takes()
    message = {'from': '103', 'to': '104', 'sender': 'p103', 'recipient': 'p104', 'content_type': 'text/plain', 'bytes': len(text)}
    for event, status, about in ('message.delivered', 200, told), ('message.failed', 480, lost):
        assert (about['event'], about['call']) == (event, None), about
        assert {**message, 'id': about['message']['id'], 'status': status} == about['message'], about
        assert webhook.delivery(about['id'], state='delivered')['message'] == about['message']['id']


def test_nothing_is_kept(alto, text=TEXT):
    """What messages said is nowhere to be found, once all that waited to be written has been."""
    alto.stop()
    kept = [path for path in alto.data.rglob('*') if path.is_file() and text.encode() in path.read_bytes()]
    assert not kept and text not in '\n'.join(alto.log.all), kept


def main():
    directory = pathlib.Path(tempfile.mkdtemp(prefix='alto-receiver-'))
    receiver = Receiver(directory)
    extra = f'webhooks: {{allow: [127.0.0.1]}}\ntls: {{ca: {receiver.certificate}}}\n'
    with Alto(extra=extra) as alto:
        accounts = alto.company()
        alto.command('tenant', 'add', 'beta', '--domain', 'beta.example')
        api = Api(str(alto.data / 'alto.sock'))
        all_of_it = Webhook(api, receiver, '/all')
        its_end = Webhook(api, receiver, '/end', events='call.ended')
        of_beta = Webhook(api, receiver, '/beta', tenant='beta')
        of_messages = Webhook(api, receiver, '/messages', events='message.delivered,message.failed')
        ended = test_a_call(alto, accounts, all_of_it, its_end)
        test_a_crash_and_an_ill_server(alto, all_of_it, ended)
        test_tests_and_secrets(its_end)
        test_messages(alto, of_messages)
        for webhook in all_of_it, its_end, of_beta, of_messages:
            assert receiver.came[webhook.where].empty(), webhook.where
        assert api.good('listDeliveries', of_beta.path).json['items'] == []
        test_nothing_is_kept(alto)


main()
