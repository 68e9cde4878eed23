"""Two phones without a codec in common hear each other: what each says arrives in the other's codec, in time and whole.

baresip speaks Opus alone on one side, and G.722, A-law or mu-law alone on the other, over TLS and SRTP.
"""
from phone import Phone
from server import Alto, spoken

TONES = {'101': 440, '102': 1000}
OTHERS = {'G722/16000/1': 'G722/8000', 'PCMA/8000/1': 'PCMA/8000', 'PCMU/8000/1': 'PCMU/8000'}


def talk(caller, callee, extension):
    caller.command('dial', f'sip:{extension}@acme.example')
    callee.wait_for('CALL_INCOMING')
    callee.command('accept')
    for phone in (caller, callee):
        phone.wait_for('CALL_ESTABLISHED')
    for listener, speaker in (caller, callee), (callee, caller):
        listener.hears(speaker.tone)
    callee.command('hangup')
    caller.wait_for('CALL_CLOSED')
    for phone in (caller, callee):
        phone.forget()


def check_history(alto, codec_a, codec_b):
    row = alto.last_call(spoken)
    assert (row['caller']['codec'], row['callee']['codec']) == (codec_a, codec_b), row
    assert (row['status'], row['cause']) == (200, 'answered'), row
    story = alto.command('calls', 'show', row['id'])
    assert f'transcoding because caller speaks {codec_a} and callee {codec_b}' in story, story


with Alto(workers=2) as alto:
    accounts = alto.company(people=('101', '102'))

    def baresip(extension, codecs, name):
        return Phone(alto.directory, name, accounts[extension]['desk'], TONES[extension], f'127.0.0.1:{alto.tls_port}',
                     alto.data / 'tls' / 'self-signed.crt', extension=extension, codecs=codecs)

    with baresip('101', 'opus/48000/2', 'opus') as anna:
        anna.registered()
        for codec, shown in OTHERS.items():
            with baresip('102', codec, codec.split('/')[0]) as bruno:
                bruno.registered()
                if codec.startswith('G722'):
                    talk(bruno, anna, '101')
                    check_history(alto, shown, 'opus/48000/2')
                talk(anna, bruno, '102')
                check_history(alto, 'opus/48000/2', shown)
