/** NXM and OXM headers. */
import type { Field } from '#flowtable/fields.js';
import type { OpenFlowVersion } from '../../protocol.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';

/** Which of a field's numbers is written: NXM's, or the one that a version of OpenFlow prefers. */
export type HeaderStyle = OpenFlowVersion | 'nxm';

/** Appends the 4 bytes (8 of an experimenter's field) that name the field, as actions have them (nx_put_mff_header). */
export function encodeFieldHeader(_field: Field, _style: HeaderStyle, _isMasked: boolean, _writer: ByteWriter): void {
  throw new Error('not built yet');
}

/**
 * Reads a header alone; a field of tunnel metadata has the length that the context's table says. Throws
 * OFPBMC_BAD_LEN, OFPBMC_BAD_FIELD, NXFMFC_INVALID_TLV_FIELD (nx_pull_header, mf_vl_mff_nx_pull_header).
 */
export function decodeFieldHeader(
  _reader: ByteReader,
  _context: WireContext,
): { readonly field: Field; readonly isMasked: boolean } {
  throw new Error('not built yet');
}
