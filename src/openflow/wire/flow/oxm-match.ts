/** Matches of OXM where OVS writes them in OpenFlow 1.1, too, which it reads by the match's own header. */
import type { Match } from '#flowtable/match.js';
import type { ByteWriter } from '../byte-writer.js';
import { encodeFieldMatch, encodeMatch } from '../match/index.js';
import type { WireContext } from '../message-kind.js';

/** OFPMT_OXM. */
const TYPE_OXM = 1;

export function writeOxmMatch(match: Match, context: WireContext, body: ByteWriter): void {
  if (context.version !== 11) {
    encodeMatch(match, context, body);
    return;
  }
  const start = body.size;
  body.u16(TYPE_OXM);
  body.u16(0);
  encodeFieldMatch(match, context.version, body);
  body.patchU16(start + 2, body.size - start);
  body.pad(8, start);
}
