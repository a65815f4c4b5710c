/** A message in another. */
import { OpenFlowError } from '../../switch-connection.js';
import { ByteReader } from '../byte-reader.js';
import type { WireContext } from '../message-kind.js';

export interface Carried {
  readonly bytes: Uint8Array;
  readonly xid: number;
}

const HEADER_SIZE = 8;

/** Reads a message that is not longer than what is left, and of the version of the one that carries it. */
export function readCarried(body: ByteReader, context: WireContext, badVersion: string): Carried {
  if (body.remaining < HEADER_SIZE) throw new OpenFlowError('OFPBFC_MSG_BAD_LEN');
  const header = new ByteReader(body.bytes, body.offset, body.end);
  const version = header.u8();
  header.skip(1);
  const length = header.u16();
  const isWrongVersion = version !== context.wireVersion;
  const isWrongLength = length < HEADER_SIZE || length > body.remaining;
  // Of two mistakes each message is answered with another.
  if (isWrongVersion && (badVersion === 'OFPBFC_BAD_VERSION' || !isWrongLength)) throw new OpenFlowError(badVersion);
  if (isWrongLength) throw new OpenFlowError('OFPBFC_MSG_BAD_LEN');
  return { bytes: body.view(length), xid: header.u32() };
}
