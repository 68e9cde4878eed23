"""A walk through the console's pages in a real browser: its steps are console/tests/browser/<name>.ts."""
import os
import pathlib
import subprocess

from server import ALTO

SOURCE = pathlib.Path(os.environ['ALTO_SOURCE'])


def walk(name, settings, wishes={}, inside=()):
    """Until it has been walked. wishes: what the walk wants of us, a line each; inside: a command that it runs under."""
    browser = subprocess.Popen([*inside, SOURCE / 'scripts' / 'console', 'node', f'tests/browser/{name}.ts'], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={
                                   **os.environ, **settings,
                                   'ALTO_SCREENSHOTS': str(pathlib.Path(ALTO).absolute().parent / 'pictures')})
    for line in browser.stdout:
        kind, _, wish = line.strip().partition(': ')
        if kind != 'want':
            print(line, end='', flush=True)
            continue
        wishes[wish]()
        browser.stdin.write('done\n')
        browser.stdin.flush()
    assert browser.wait() == 0, browser.returncode
