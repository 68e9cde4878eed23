import type { Schema } from './api/client';

export type Rung = {
  name: string;
  seconds: string;
  side: 'caller' | 'callee';
  direction: 'sent' | 'received';
  /** The arrow's head: the caller stands left of us, the callee right. */
  left: boolean;
  refused: boolean;
  text: string;
};

/** "INVITE", or "200 OK (INVITE)": the first line of a message, shortened to what one looks for. */
export function nameOf(text: string): string {
  const [first = ''] = text.split('\r\n', 1);
  const answer = /^SIP\/2\.0 (\d{3}) (.*)$/.exec(first);
  if (!answer) return first.split(' ', 1)[0] ?? '';
  const method = /^CSeq:\s*\d+\s+(\w+)/im.exec(text)?.[1];
  return `${answer[1]} ${answer[2]}${method ? ` (${method})` : ''}`;
}

export function rungs(messages: Schema<'SipMessage'>[]): Rung[] {
  const begin = Date.parse(messages[0]?.at ?? '');
  return messages.map((m) => {
    const text = m.text ?? '';
    return {
      name: nameOf(text) || '?',
      seconds: ((Date.parse(m.at) - begin) / 1000).toFixed(3),
      side: m.side,
      direction: m.direction,
      left: (m.side === 'caller') === (m.direction === 'sent'),
      refused: /^SIP\/2\.0 [456]/.test(text),
      text,
    };
  });
}
