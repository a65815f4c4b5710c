/**
 * OFPT_HELLO (OpenFlow 1.5.1 §7.5.1): the versions that a side speaks. Mirrors ofputil_decode_hello(),
 * ofputil_encode_hello() and ofputil_hello_format().
 *
 * Elements follow the header, each padded to 8 bytes:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-------------------------------+
 *     |    type (1: version bitmap)   |            length             |
 *     +-------------------------------+-------------------------------+
 *     |            bitmaps of 32 versions each (only the first counts)|
 *     +---------------------------------------------------------------+
 */
import { formatHexDump } from '../../hex-bytes.js';
import type { ByteReader } from '../byte-reader.js';
import type { MessageKind } from '../message-kind.js';

export interface HelloMessage {
  readonly kind: 'hello';
  /** A bit for each number of a version: 1 << 1 is OpenFlow 1.0. */
  readonly versions: number;
  /** The whole message, where something in it means nothing. */
  readonly notUnderstood: Uint8Array | null;
}

const VERSION_BITMAP = 1;
const ELEMENT_HEADER_SIZE = 4;

/** All versions up to that one, which a greeting without a bitmap means. */
function versionsUpTo(wireVersion: number): number {
  return wireVersion < 32 ? (((1 << wireVersion) - 1) << 1) >>> 0 : 0xffff_fffe;
}

/** Null where the bitmap says nothing. */
function readBitmap(element: ByteReader): number | null {
  if (element.remaining === 0 || element.remaining % 4 !== 0) return null;
  // There is no version 0.
  const versions = (element.u32() & ~1) >>> 0;
  return versions === 0 ? null : versions;
}

function readElements(body: ByteReader, wireVersion: number): { versions: number; isUnderstood: boolean } {
  let versions = versionsUpTo(wireVersion);
  let isUnderstood = true;
  while (body.remaining > 0) {
    if (body.remaining < ELEMENT_HEADER_SIZE) return { versions, isUnderstood: false };
    const type = body.u16();
    const size = body.u16() - ELEMENT_HEADER_SIZE;
    const padding = -(size + ELEMENT_HEADER_SIZE) & 7;
    if (size < 0 || size + padding > body.remaining) return { versions, isUnderstood: false };
    const bitmap = readBitmap(body.part(size));
    body.skip(padding);
    if (type === VERSION_BITMAP && bitmap !== null) versions = bitmap;
    else isUnderstood = false;
  }
  return { versions, isUnderstood };
}

export const hello: MessageKind<HelloMessage> = {
  kind: 'hello',
  codes: [
    { name: 'OFPT_HELLO', firstVersion: 10, lastVersion: 15, type: 0, body: { size: 0, unit: 1 }, isImmutable: true },
  ],
  decode(body, _code, { version, wireVersion = version - 9 }) {
    const { versions, isUnderstood } = readElements(body, wireVersion);
    return { kind: 'hello', versions, notUnderstood: isUnderstood ? null : body.bytes };
  },
  encode({ versions }, body) {
    // Where all versions up to the header's are meant, nothing need be said.
    const isContiguous = (((versions >>> 1) + 1) & (versions >>> 1)) === 0;
    if (isContiguous) return;
    body.u16(VERSION_BITMAP);
    body.u16(ELEMENT_HEADER_SIZE + 4);
    body.u32(versions);
  },
  format({ versions, notUnderstood }) {
    const numbers: string[] = [];
    for (let bit = 0; bit < 32; bit++) {
      if (((versions >>> bit) & 1) !== 0) numbers.push(`0x${bit.toString(16).padStart(2, '0')}`);
    }
    const rest = notUnderstood === null ? '' : `\n unknown data in hello:\n${formatHexDump(notUnderstood)}`;
    return `\n version bitmap: ${numbers.join(', ')}${rest}`;
  },
};
