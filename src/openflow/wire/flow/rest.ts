/** The rest of a structure that says its own length: what a hostile one says may be too little, or too much. */
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';

/** A reader of the next `length` bytes; throws where there are not so many, or fewer than none. */
export function readRest(body: ByteReader, length: number, code = 'OFPBRC_BAD_LEN'): ByteReader {
  if (length < 0 || length > body.remaining) throw new OpenFlowError(code);
  return body.part(length);
}
