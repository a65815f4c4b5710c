/** The first message of a connection, which says its versions: also of those that nobody knows yet. */
import { encodeMessage, versionOfWire } from './message.js';
import { hello } from './switch/hello.js';

/** `versions` has a bit for each, 1 << 1 for OpenFlow 1.0; throws RangeError where there is none. */
export function encodeGreeting(versions: number, xid: number): Uint8Array {
  const wireVersion = 31 - Math.clz32(versions);
  if (wireVersion < 1) throw new RangeError('a greeting of no version');
  const version = versionOfWire(wireVersion) ?? 15;
  const bytes = encodeMessage(hello, version, xid, { kind: 'hello', versions, notUnderstood: null });
  bytes[0] = wireVersion;
  return bytes;
}
