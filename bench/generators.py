"""The generators on their core: one load against one server, with what it cost the server."""
import json
import re
import subprocess
import threading
import time

from servers import (ACCOUNTS, CALLEE, CALLER, FIRST_EXTENSION, LOAD_CORE, SEALED_EXTENSION, SERVER_CORE, SHA256_EXTENSION, Trouble,
                     on_core)

# Troubles that a good run may have: failed calls, and messages that anybody had to send twice.
GOOD = 0.001
STORM_HOSTS = '127.0.1.1:5066', '127.0.1.2:5068'
OTHER_HOSTS = ['--caller', '127.0.1.3:5066', '--callee', '127.0.1.4:5068']  # of a second generator at the same time
# What became of a datagram: handed to SIP, or dropped unread.
FLOOD_METRICS = 'alto_transport_messages_total', 'alto_bans_dropped_total'
AFTER_S = 0.3  # seconds after the last answer, in which the server finishes what it put off


def raw_gcm_us(packet_bytes=172):
    """What OpenSSL takes to encrypt one packet and to decrypt one, in microseconds."""
    got = subprocess.run(['openssl', 'speed', '-evp', 'aes-128-gcm', '-aead', '-bytes', str(packet_bytes), '-seconds',
                          '1'], capture_output=True, text=True, check=False, preexec_fn=on_core(SERVER_CORE))
    rate = re.search(r'^AES-128-GCM\s+([0-9.]+)k', got.stdout, re.M | re.I)
    if not rate:
        raise Trouble('openssl speed gave no figure for AES-128-GCM')
    return 2 * packet_bytes / (float(rate.group(1)) * 1e3) * 1e6


class Load:
    def __init__(self, build):
        self.build = build

    def run(self, server, program, options, seconds, on_word=None):
        """The generator's result line; on_word is told the progress words as they come."""
        command = [str(self.build / 'bench' / f'bench_{program}'), '--caller', CALLER, '--callee', CALLEE,
                   '--first-extension', str(FIRST_EXTENSION), *server.load_options, *options]
        if not {'--relay', '--legs', '--server'} & set(command):
            command += ['--server', server.address]
        result = None
        end = time.monotonic() + seconds
        with subprocess.Popen(['timeout', str(seconds), *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, preexec_fn=on_core(LOAD_CORE)) as process:
            for line in process.stdout:
                if line.startswith('{'):
                    result = json.loads(line)
                if on_word:
                    on_word('result' if line.startswith('{') else line.strip())
            errors = process.stderr.read().strip()
        server.poll()
        if process.returncode != 0 or result is None:
            late = ' (it took too long)' if time.monotonic() > end else ''
            raise Trouble(f'{program} with {server.name}: {errors or "no result"}{late}')
        return result

    def _offer(self, server, options, seconds):
        before = {}

        def on_word(word):
            if word == 'measuring':
                before.update(server.cpu())
        result = self.run(server, 'sipload', options, seconds + 40, on_word)
        time.sleep(AFTER_S)
        result['cpu_s'] = server.cpu_since(before)
        return result

    def calls(self, server, rate, seconds):
        """Calls without hold at a rate. Adds cpu_ms (a call), troubles, good and generator_bound."""
        r = self._offer(server, ['--rate', str(rate), '--seconds', str(seconds), '--callers', '32', '--callees', '32'],
                        seconds)
        wanted = rate * seconds
        r['cpu_ms'] = r['cpu_s'] * 1e3 / max(r['completed'], 1)
        r['troubles'] = r['failed'] + r['retransmissions'] + r['repeats']
        r['generator_bound'] = r['unbegun'] > wanted * GOOD + 2 and r['generator_busy'] > 0.9
        r['good'] = r['troubles'] <= wanted * GOOD and r['unbegun'] <= wanted * GOOD + 2
        return r

    def registrations(self, server, rate, seconds, sha256=False):
        """REGISTER with digest at a rate. Adds the same, for each."""
        half = str(ACCOUNTS // 2)
        options = ['--rate', str(rate), '--seconds', str(seconds), '--registrations', '--callers', half, '--callees', half]
        if sha256:
            options += ['--sha256', '--first-extension', str(SHA256_EXTENSION)]
        plain = list(server.load_options)
        try:
            server.load_options = [o for o in plain if o != '--register']  # measured, so not done before
            r = self._offer(server, options, seconds)
        finally:
            server.load_options = plain
        wanted = rate * seconds
        r['cpu_ms'] = r['cpu_s'] * 1e3 / max(r['registrations'], 1)
        r['troubles'] = r['registrations_failed'] + r['retransmissions']
        r['generator_bound'] = r['unbegun'] > wanted * GOOD + 2 and r['generator_busy'] > 0.9
        r['good'] = r['troubles'] <= wanted * GOOD and r['unbegun'] <= wanted * GOOD + 2
        return r

    def voice(self, server, calls, seconds, options=(), connected=lambda: None):
        """Voice of that many calls; connected is called before they speak. Adds cpu_us (a packet), busy (of the core), and memory before and after."""
        at = {}

        def on_word(word):
            if word == 'connected':
                connected()
            at[word] = (server.cpu() if word == 'measuring' else
                        server.cpu_since(at['measuring'][0]) if word == 'measured' else None, server.memory_kib())
        r = self.run(server, 'rtpload', ['--calls', str(calls), '--seconds', str(seconds), '--callers', '32',
                                         '--callees', '32', *options], seconds + 60, on_word)
        cpu = at['measured'][0]
        r['cpu_us'] = cpu * 1e6 / max(r['received'], 1)
        # Waiting for stragglers is idle, so all of it belongs to the time of sending.
        r['busy'] = cpu / r['seconds']
        r['lost'] = 1 - r['received'] / max(r['sent'], 1)
        r['generator_bound'] = r['late'] > (r['sent'] + r['late']) * GOOD
        if 'registered' in at:
            r['memory_kib'] = (at['connected'][1] - at['registered'][1]) / calls
        return r


    def connections(self, server, count, at_once, stay_s, on_word=None):
        """So many phones over TLS, each with a connection of its own, register: all at once, or 500 a second."""
        rate, seconds = (count * 50, 0.02) if at_once else (500, count / 500)
        options = ['--server', server.tls_address, '--caller', STORM_HOSTS[0], '--callee', STORM_HOSTS[1], '--own-connections',
                   '--registrations', '--rate', str(rate), '--seconds', str(seconds), '--first-extension', str(SEALED_EXTENSION),
                   '--callers', str(count // 2), '--callees', str(count - count // 2), '--drain', '30000', '--stay', str(stay_s)]
        plain = list(server.load_options)
        try:
            server.load_options = [o for o in plain if o != '--register']
            r = self.run(server, 'sipload', options, seconds + stay_s + 45, on_word)
        finally:
            server.load_options = plain
        if r['registrations'] != count or r['connections_ended']:
            raise Trouble(f'{r["registrations"]} of {count} phones over TLS could register, {r["connections_ended"]} '
                          'connections were ended')
        return r

    def flood(self, server, calls, sources, seconds):
        """Voice of calls under a flood that leaves the load's core to them: the result, and how many datagrams a second."""
        flood = {}

        def on_word(word):
            if word == 'connected':
                flood['process'] = subprocess.Popen(
                    ['nice', '-n', '19', str(self.build / 'bench' / 'bench_flood'), '--server', server.address, '--sources',
                     str(sources), '--seconds', str(seconds + 3)], stdout=subprocess.PIPE, text=True, preexec_fn=on_core(LOAD_CORE))
            elif word in ('measuring', 'measured'):
                flood[word] = time.monotonic(), sum(map(server.metric, FLOOD_METRICS))
        try:
            voice = self.run(server, 'rtpload', ['--calls', str(calls), '--seconds', str(seconds), '--callers', '32', '--callees',
                                                 '32'], seconds + 60, on_word)
        finally:
            sent = flood['process'].communicate()[0] if 'process' in flood else ''
        if not sent.count('{'):
            raise Trouble('the flood could not be sent: are there enough descriptors?')
        voice['generator_bound'] = voice['late'] > (voice['sent'] + voice['late']) * GOOD
        (begun, before), (ended, after) = flood['measuring'], flood['measured']
        return voice, (after - before) / (ended - begun)

    def storm(self, server, phones, calls):
        """Phones that come back all at once, over TLS, into the voice of calls: both results."""
        speaking, result = threading.Event(), {}

        def speak():
            try:
                result['voice'] = self.run(server, 'rtpload', ['--calls', str(calls), '--seconds', '5', '--callers', '32',
                                                               '--callees', '32'], 60,
                                           lambda word: speaking.set() if word == 'measuring' else None)
            except Trouble as trouble:
                result['trouble'] = trouble
            finally:
                speaking.set()
        thread = threading.Thread(target=speak)
        thread.start()
        try:
            speaking.wait()
            storm = self.connections(server, phones, True, 0.1)
        finally:
            thread.join()
        if 'trouble' in result:
            raise result['trouble']
        return storm, result['voice']


class RateSearch:
    """
    The highest rate, on a ladder of 6 % steps, at which a server carries well what offer(server, rate, seconds) offers it:
    Load's calls or registrations. A bounded number of tries: up or down until one is good and one is not, then halving what
    lies between.
    """
    STEP, BASE = 1.06, 200
    DOUBT = 0.3  # up to this share of troubled calls a bad result may be an accident: it is tried once more

    def __init__(self, offer, seconds, tries):
        self.offer, self.seconds, self.tries = offer, seconds, tries

    def rate(self, rung):
        return round(self.BASE * self.STEP ** rung)

    def rung(self, rate):
        rung = 0
        while self.rate(rung + 1) <= rate:
            rung += 1
        return rung

    def _try(self, server, rung):
        rate = self.rate(rung)
        for last in (False, True):
            r = self.offer(server, rate, self.seconds)
            server.settle()
            if r['good'] or last or r['troubles'] > self.DOUBT * rate * self.seconds:
                return r

    def find(self, server, start_rate, stride):
        """(the best good result or None, every result tried)"""
        tried = {}
        good = bad = None
        rung = self.rung(start_rate)
        for _ in range(self.tries):
            if rung not in tried:
                tried[rung] = self._try(server, rung)
            if tried[rung]['good']:
                good = rung if good is None else max(good, rung)
            else:
                bad = rung if bad is None else min(bad, rung)
            if good is not None and bad is not None:
                if bad - good <= 1:
                    break
                rung = (good + bad) // 2
            else:
                rung = good + stride if bad is None else max(bad - stride, 0)
        return (None if good is None else tried[good]), tried
