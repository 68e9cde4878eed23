"""What the process may do: nobody looks into it, it becomes another user, and the service's filter lets it work."""
import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import server as server_module
from browser import Browser
from server import ALTO, PATIENCE, Alto, free_port
from softphone import Softphone, talk

CAP_SYS_NICE = 1 << 23  # which a container's root may lack
VOICE_NICE = -10  # MEDIA_NICE
NOBODY = 65534
AS_NOBODY = ('setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups')
UNDER_FILTER = str(pathlib.Path(os.environ['ALTO_SOURCE']) / 'scripts' / 'under-filter')


def read_status(directory):
    return dict(re.findall(r'^(\w+):\t*(.*)$', (directory / 'status').read_text(), re.M))


def status_of(alto):
    return read_status(pathlib.Path(f'/proc/{alto.process.pid}'))


def threads_of(alto):
    """By name: what /proc says of each, and its niceness. But for a sanitizer's, which has the program's name."""
    tasks = [(task, (task / 'comm').read_text().strip()) for task in pathlib.Path(f'/proc/{alto.process.pid}/task').iterdir()]
    return {name: (read_status(task), os.getpriority(os.PRIO_PROCESS, int(task.name)))
            for task, name in tasks if name != 'alto' or int(task.name) == alto.process.pid}


@contextlib.contextmanager
def a_directory():
    """That nobody may use, if that is whom the program becomes."""
    with tempfile.TemporaryDirectory() as directory:
        if os.getuid() == 0:
            os.chown(directory, NOBODY, NOBODY)
        os.chmod(directory, 0o755)
        yield directory


def no_core_dump():
    """It dies as by an ASSERT, where a core is allowed and others leave one: neither key nor digest is written anywhere."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        other = subprocess.Popen(['sleep', '1000'])
        with Alto() as alto:
            alto.company()
            for process in (other, alto.process):
                process.send_signal(signal.SIGABRT)
            dumped = [bool(os.waitstatus_to_exitcode(raw) == -signal.SIGABRT and os.WCOREDUMP(raw))
                      for raw in (os.waitpid(p.pid, 0)[1] for p in (other, alto.process))]
            if not dumped[0]:
                print('this system takes no core dumps: only what other processes may read was tried')
            assert not dumped[1]
            alto.start()


def nobody_reads_it():
    """Not even a process of the same user, whoever made it that: becoming another closes a process by itself, so it is
    begun as that user here, and another program so begun can be read."""
    reader = 'import sys; open(f"/proc/{sys.argv[1]}/mem", "rb")'
    as_whom = AS_NOBODY if os.getuid() == 0 else ()

    def read(pid):
        return subprocess.run([*as_whom, sys.executable, '-c', reader, str(pid)], capture_output=True, text=True)

    with contextlib.ExitStack() as stack:
        other = stack.enter_context(subprocess.Popen([*as_whom, 'sleep', '1000']))
        stack.callback(other.kill)
        directory = stack.enter_context(a_directory())
        alto = stack.enter_context(Alto(directory=directory, under=as_whom))
        assert 'Permission denied' in read(alto.process.pid).stderr
        assert read(other.pid).returncode == 0


def becomes_another_user():
    """All of it, for good; what is made is that user's, and low ports may be had nevertheless."""
    ordinary = os.getpriority(os.PRIO_PROCESS, 0)
    may = int(read_status(pathlib.Path('/proc/self'))['CapEff'], 16) & CAP_SYS_NICE
    with a_directory() as directory, \
            Alto(directory=directory, extra='user: nobody\n', listen={'sip_tls': ['127.0.0.1:661']}) as alto:
        threads = threads_of(alto)
        assert {'alto', 'store-writer', 'media-0', 'watchdog'} <= set(threads), threads
        for name, (status, nice) in threads.items():
            assert status['Uid'].split() == status['Gid'].split() == [str(NOBODY)] * 4, (name, status)
            assert all(int(status[rights], 16) == 0 for rights in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')), (name, status)
            assert status['Groups'].strip() in ('', str(NOBODY)) and status['NoNewPrivs'] == '1', (name, status)
            assert nice == (VOICE_NICE if may and name.startswith('media-') else ordinary), (name, nice)
        assert (alto.data / 'alto.db').stat().st_uid == NOBODY
        assert not [w for w in alto.api('GET', '/api/v1/status')[1]['warnings'] if 'root' in w]


def refuses_what_cannot_be():
    with a_directory() as directory:
        config = pathlib.Path(directory) / 'alto.yaml'
        for user, as_whom, said in (('no-such-user', (), 'no such user'), ('root', AS_NOBODY, 'only root')):
            config.write_text(f'data: {directory}/data\nuser: {user}\n')
            config.chmod(0o644)
            done = subprocess.run([*as_whom, server_module.ALTO, 'serve', '--config', str(config)], capture_output=True, text=True,
                                  timeout=PATIENCE)
            assert done.returncode == 1 and f'user: {user}: ' in done.stderr and said in done.stderr, done
            assert not (pathlib.Path(directory) / 'data').exists()


def root_is_told():
    with Alto() as alto:
        assert [w for w in alto.api('GET', '/api/v1/status')[1]['warnings'] if 'runs as root' in w]
        assert status_of(alto)['NoNewPrivs'] == '1'


def works_under_the_filter():
    """A registration, a log-in (hashed on a thread of its own), a call with voice, a reload, a listing, an orderly end; a
    filter too narrow is noticed."""
    https = free_port()
    under = [UNDER_FILTER, *(('--user', 'nobody') if os.getuid() == 0 else ())]
    listen = {'sip_tls': [f'127.0.0.1:{free_port()}'], 'https': [f'127.0.0.1:{https}']}
    with a_directory() as directory, Alto(listen, directory=directory, workers=2, under=under) as alto:
        accounts = alto.company()
        server = '127.0.0.1', int(listen['sip_tls'][0].split(':')[1])
        anna, bruno = (Softphone(accounts[e]['desk'], e, server, 'tls').register() for e in ('101', '102'))
        person = alto.api('POST', '/api/v1/users', {'tenant': 'acme', 'login': 'anna', 'extension': '110', 'name': 'Anna'})[1]
        assert alto.api('POST', f'/api/v1/users/{person["id"]}/password', {'password': 'correct horse'})[0] == 204
        assert Browser(https).login('anna@acme.example', 'wrong horse').status == 401
        assert Browser(https).login('anna@acme.example', 'correct horse').status == 200
        has = {'suites': ('AES_CM_128_HMAC_SHA1_80',)}
        a, b = talk(anna, bruno, '102', has, has)
        assert status_of(alto)['Seccomp'] == '2'
        start = len(alto.log.all)
        alto.process.send_signal(signal.SIGHUP)
        alto.log.wait_for('serve.certificate_reloaded', start=start)
        a.hang_up()
        b.ended()
        assert alto.last_call()['cause'] == 'answered'
        alto.stop()
        narrow = subprocess.run([*under, '--without', 'epoll_ctl', server_module.ALTO, 'serve', '--config', str(alto.config)],
                                capture_output=True, timeout=PATIENCE)
        assert narrow.returncode == -signal.SIGSYS, narrow
        alto.start()


# A leak checker stops the process by ptrace at its end, which the filter forbids; other tests look for leaks.
os.environ['ASAN_OPTIONS'] = ':'.join(filter(None, (os.environ.get('ASAN_OPTIONS'), 'detect_leaks=0')))

# A copy of the program where others may enter, which the source's own directory may not be.
with a_directory() as place:
    server_module.ALTO = shutil.copy(ALTO, place)
    nobody_reads_it()
    no_core_dump()
    works_under_the_filter()
    if os.getuid() == 0:
        root_is_told()
        becomes_another_user()
        refuses_what_cannot_be()
    else:
        print('not root: becoming another user was not tried')
