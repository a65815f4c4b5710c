/** Messages that say nothing besides what they are. */
import type { MessageCode, MessageKind } from './message-kind.js';

export function bareMessage<K extends string>(
  kind: K,
  codes: readonly MessageCode[],
): MessageKind<{ readonly kind: K }> {
  return { kind, codes, decode: () => ({ kind }), encode: () => {}, format: () => '' };
}
