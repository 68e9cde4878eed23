import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Engine } from '../../src/lib/phone/engine';
import { sound } from '../../src/lib/phone/sound.svelte';
import { nothing, type PhoneView } from '../../src/lib/phone/types';

/** JsSIP with the targets of calls as it makes them: what it cannot read it throws for. */
const dialled: string[] = [];
vi.mock('jssip', async (original) => {
  const { UA } = await original<typeof import('jssip')>();
  return {
    UA: class extends EventEmitter {
      start = () => queueMicrotask(() => this.emit('registered'));
      stop = () => {};
      isConnected = () => true;
      call(target: string) {
        // @ts-expect-error of its configuration it needs the domain alone
        const uri = UA.prototype.normalizeTarget.call(
          { _configuration: { hostport_params: 'acme.example' } },
          target,
        );
        if (!uri) throw new TypeError('Invalid target');
        dialled.push(String(uri));
        return Object.assign(new EventEmitter(), {
          id: target,
          isEnded: () => false,
          isEstablished: () => false,
          terminate: () => {},
        });
      }
    },
  };
});
vi.mock('../../src/lib/phone/socket', () => ({
  Socket: class {
    isConnected = () => true;
    check = () => {};
  },
}));

const account = {
  username: 'anna',
  password: 'secret',
  aor: 'sip:101@acme.example',
  websocket: '/sip',
  display_name: 'Anna',
  ice_servers: [],
};
const track = { stop: vi.fn(), addEventListener() {}, getSettings: () => ({}) };
const microphone = { getTracks: () => [track], getAudioTracks: () => [track] } as unknown as MediaStream;

let view: PhoneView = nothing;
let engine: Engine;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem() {} });
  vi.stubGlobal('fetch', async () =>
    Response.json({ ...account, expires_at: new Date(Date.now() + 600_000).toISOString() }),
  );
  vi.stubGlobal('Audio', class {});
  vi.spyOn(sound, 'open').mockResolvedValue(microphone);
  dialled.length = 0;
  track.stop.mockClear();
  engine = new Engine((shown) => (view = shown));
  await vi.advanceTimersByTimeAsync(1);
  expect(view.state).toBe('ready');
});

afterEach(() => {
  engine.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function dials(number: string) {
  engine.wish({ do: 'call', number, name: '' });
  await vi.advanceTimersByTimeAsync(1);
}

it('calls', async () => {
  await dials('102');
  expect(dialled).toEqual(['sip:102@acme.example']);
  expect(view.calls).toMatchObject([{ number: '102', state: 'dialling' }]);
  expect(track.stop).not.toHaveBeenCalled();
});

it.each(['50%', '@'])('says of %j that nobody has it, and lets the microphone go', async (number) => {
  await dials(number);
  expect(dialled).toEqual([]);
  expect(view.calls).toMatchObject([{ number, state: 'over', cause: 'no-such-number' }]);
  expect(track.stop).toHaveBeenCalled();
});
