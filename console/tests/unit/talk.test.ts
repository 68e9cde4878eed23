import { EventEmitter } from 'node:events';
import type { RTCSession } from 'jssip/lib/RTCSession';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Talk } from '../../src/lib/phone/talk';
import type { PhoneCall } from '../../src/lib/phone/types';

/** Of the browser's connection, as much as tells how voice fares. */
class Connection extends EventTarget {
  iceConnectionState = 'new';
  getStats = async () => new Map();
  getSenders = () => [];

  becomes(state: string) {
    this.iceConnectionState = state;
    this.dispatchEvent(new Event('iceconnectionstatechange'));
  }
}

class Session extends EventEmitter {
  readonly connection = new Connection();
  established = false;
  ended = false;
  isEnded = () => this.ended;
  isEstablished = () => this.established;
  isOnHold = () => ({ local: false, remote: false });
  renegotiate = vi.fn(() => true);
  terminate = () => {
    this.ended = true;
    if (this.established) this.emit('ended', { cause: 'Terminated' });
    else this.emit('failed', { originator: 'local', cause: 'Canceled', message: null });
  };

  accept() {
    this.established = true;
    this.emit('accepted');
  }
}

const look = vi.fn();
let session: Session;
let talk: Talk;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('Audio', class {});
  look.mockClear();
  session = new Session();
  const call = { incoming: false, state: 'dialling', lost: false } as PhoneCall;
  talk = new Talk(session as unknown as RTCSession, call, { changed() {}, ready: () => true, look });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const named = (candidate: object | null = {}) =>
  session.connection.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate }));

it('misses voice that never finds a way, looks for one, and gives up in the end', () => {
  named();
  session.accept();
  vi.advanceTimersByTime(4999);
  expect(talk.view).toMatchObject({ state: 'speaking', lost: false });
  vi.advanceTimersByTime(1);
  expect(talk.view).toMatchObject({ state: 'speaking', lost: true });
  expect(look).toHaveBeenCalled();
  talk.back();
  expect(session.renegotiate).toHaveBeenCalled();
  vi.advanceTimersByTime(30_000);
  expect(talk.view).toMatchObject({ state: 'over', cause: 'lost' });
});

it('is content once voice has its way, however late', () => {
  named();
  session.accept();
  session.connection.becomes('checking');
  vi.advanceTimersByTime(6000);
  expect(talk.view.lost).toBe(true);
  session.connection.becomes('connected');
  expect(talk.view.lost).toBe(false);
  session.connection.becomes('disconnected');
  expect(talk.view.lost).toBe(true);
  session.connection.becomes('checking');
  expect(talk.view.lost).toBe(true);
  session.connection.becomes('completed');
  vi.advanceTimersByTime(60_000);
  expect(talk.view).toMatchObject({ state: 'speaking', lost: false });
});

it('ends a call that cannot begin, since the computer has no address', () => {
  named(null);
  vi.advanceTimersByTime(5000);
  expect(talk.view).toMatchObject({ state: 'over', cause: 'no-network' });
});

it('lets it ring as long as it likes once there is one', () => {
  named();
  vi.advanceTimersByTime(60_000);
  expect(talk.view.state).toBe('dialling');
});
