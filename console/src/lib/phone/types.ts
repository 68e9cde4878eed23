import type { Quality } from './quality';

/** What every tab knows of a call: plain data, since it goes from tab to tab. */
export type PhoneCall = {
  id: string;
  name: string;
  number: string;
  incoming: boolean;
  state: 'dialling' | 'ringing' | 'speaking' | 'over';
  /** Since when it is in this state, in milliseconds. */
  since: number;
  muted: boolean;
  held: boolean;
  /** Its voice has no way at the moment, and one is being looked for. */
  lost: boolean;
  /** The other side is heard before it answers: no ring-back tone of ours. */
  early: boolean;
  digits: string;
  /** The chosen microphone is gone: the system's own is in its place, or none is left. */
  microphone?: 'other' | 'none' | undefined;
  /** The chosen speaker is gone: the system's own is in its place. */
  speaker?: 'other' | undefined;
  quality?: Quality | undefined;
  /** Why it is over, where that is worth a word. */
  cause?: Cause | undefined;
};

export type Cause =
  | 'busy'
  | 'declined'
  | 'no-answer'
  | 'no-such-number'
  | 'unreachable'
  | 'no-line'
  | 'lost'
  | 'microphone'
  | 'no-network'
  | 'refused';

export type PhoneState = 'off' | 'starting' | 'ready' | 'lost' | 'full' | 'refused';
export type PhoneView = { state: PhoneState; calls: PhoneCall[] };

/** What a person wants of the phone, in whichever tab. */
export type Wish =
  | { do: 'call'; number: string; name: string }
  | { do: 'answer' | 'end' | 'hold' | 'resume'; id: string }
  | { do: 'mute'; id: string; on: boolean }
  | { do: 'press'; id: string; key: string };

export const nothing: PhoneView = { state: 'off', calls: [] };
