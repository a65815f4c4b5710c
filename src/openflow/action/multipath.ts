/**
 * multipath(FIELDS,BASIS,ALGORITHM,N_LINKS,ARG,FIELD[BITS]): hashes fields of the packet to a link number and writes it
 * into a field. Mirrors MULTIPATH of lib/ofp-actions.c and lib/multipath.c; RFC 2992 compares the algorithms.
 */
import { UserError } from '../../report/user-error.js';
import { HASH_FIELDS, type HashFields, hashFieldsOf, maskHashFields, parseHashFields } from '../flow-hash-fields.js';
import { maskValue } from '../field-value.js';
import { parseLeadingDecimal } from '../number-text.js';
import { hash2Words } from '#flowtable/murmur-hash.js';
import {
  checkDestination,
  formatSubfield,
  packedSubfield,
  parseNxmSubfield,
  type Subfield,
  subfieldMask,
  writeSubfield,
} from '../subfield.js';
import { Tokens } from '../tokens.js';
import type { ActionKind } from './action-kind.js';
import { noteSubfield } from './move.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira } from '../wire/action/action-form.js';
import {
  decodeNxmField,
  encodeNxmField,
  packBits,
  requireWritableBits,
  unpackBits,
} from '../wire/action/subfield-bytes.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { WireContext } from '../wire/message-kind.js';

type Algorithm = 'modulo_n' | 'hash_threshold' | 'hrw' | 'iter_hash';
const ALGORITHMS: readonly Algorithm[] = ['modulo_n', 'hash_threshold', 'hrw', 'iter_hash'];

export interface MultipathAction {
  readonly kind: 'multipath';
  readonly fields: HashFields;
  readonly basis: number;
  readonly algorithm: Algorithm;
  readonly linkCount: number;
  /** iter_hash: the modulus, where it fits the number of links. */
  readonly argument: number;
  readonly destination: Subfield;
}

const MAX_LINKS = 65536;

/** Highest random weight: each link's weight is a hash; the heaviest wins. */
function chooseByWeight(hash: number, linkCount: number): number {
  let best = 0;
  let bestWeight = hash2Words(hash, 0);
  for (let link = 1; link < linkCount; link++) {
    const weight = hash2Words(hash, link);
    if (weight > bestWeight) {
      best = link;
      bestWeight = weight;
    }
  }
  return best;
}

/** Hashes anew until the result is a link's number. */
function chooseByIteration(hash: number, linkCount: number, wanted: number): number {
  const fits = wanted >= linkCount && Math.floor(wanted / 2) <= linkCount;
  const modulus = fits ? wanted : 2 ** Math.ceil(Math.log2(linkCount));
  for (let i = 0; ; i++) {
    const link = (hash2Words(hash, i) % modulus) & 0xffff;
    if (link < linkCount) return link;
  }
}

const MAX_LINKS_BY_WEIGHT = 64;

/** The link for a hash (multipath_algorithm). */
export function chooseLink(hash: number, algorithm: Algorithm, linkCount: number, argument: number): number {
  switch (algorithm) {
    case 'modulo_n':
      return hash % linkCount;
    case 'hash_threshold':
      return linkCount === 1 ? 0 : Math.floor(hash / (Math.floor(0xffffffff / linkCount) + 1));
    case 'hrw':
      return linkCount <= MAX_LINKS_BY_WEIGHT ? chooseByWeight(hash, linkCount) : chooseByIteration(hash, linkCount, 0);
    case 'iter_hash':
      return chooseByIteration(hash, linkCount, argument);
  }
}

function decodeMultipath(body: ByteReader, context: WireContext): MultipathAction {
  const [fieldsNumber, basis] = [body.u16(), body.u16()];
  body.skip(2);
  const [algorithmNumber, maxLink, argument] = [body.u16(), body.u16(), body.u32()];
  body.skip(2);
  const bits = unpackBits(body.u16());
  const destination = { field: decodeNxmField(body, context), ...bits };
  const [fields, algorithm, linkCount] = [HASH_FIELDS[fieldsNumber], ALGORITHMS[algorithmNumber], maxLink + 1];
  if (fields === undefined || algorithm === undefined || 2 ** destination.bits < linkCount) {
    throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
  }
  requireWritableBits(destination);
  return { kind: 'multipath', fields, basis, algorithm, linkCount, argument, destination };
}

function encodeMultipath(action: MultipathAction, body: ByteWriter): void {
  body.u16(HASH_FIELDS.indexOf(action.fields));
  body.u16(action.basis);
  body.zeros(2);
  body.u16(ALGORITHMS.indexOf(action.algorithm));
  body.u16(action.linkCount - 1);
  body.u32(action.argument);
  body.zeros(2);
  body.u16(packBits(action.destination));
  encodeNxmField(action.destination.field, body);
}

export const multipathAction: ActionKind<MultipathAction> = {
  kind: 'multipath',
  names: ['multipath'],

  parse(argument) {
    const tokens = new Tokens(argument);
    const words = Array.from({ length: 6 }, () => tokens.next(', '));
    const [fieldsText = '', basis = '', algorithmText = '', links = '', number = '', place] = words;
    if (place === undefined) throw new UserError(`${argument}: not enough arguments to multipath action`);
    const fields = parseHashFields(fieldsText);
    if (fields === undefined) throw new UserError(`${argument}: unknown fields \`${fieldsText}'`);
    const algorithm = ALGORITHMS.find((name) => name === algorithmText.toLowerCase());
    if (algorithm === undefined) throw new UserError(`${argument}: unknown algorithm \`${algorithmText}'`);
    const linkCount = parseLeadingDecimal(links);
    if (linkCount < 1 || linkCount > MAX_LINKS) {
      throw new UserError(`${argument}: n_links ${linkCount} is not in valid range 1 to ${MAX_LINKS}`);
    }
    const destination = parseNxmSubfield(place, argument);
    const { bits } = destination;
    if (bits < 16 && linkCount > 1 << bits) {
      throw new UserError(
        `${argument}: ${bits}-bit destination field has ${1 << bits} possible values, ` +
          `less than specified n_links ${linkCount}`,
      );
    }
    return {
      kind: 'multipath',
      fields,
      basis: parseLeadingDecimal(basis) & 0xffff,
      algorithm,
      linkCount,
      argument: parseLeadingDecimal(number) >>> 0,
      destination,
    };
  },

  format({ fields, basis, algorithm, linkCount, argument, destination }) {
    return `multipath(${fields},${basis},${algorithm},${linkCount},${argument},${formatSubfield(destination)})`;
  },

  validate(action, { match }) {
    return checkDestination(action.destination, match);
  },

  translate({ fields, basis, algorithm, linkCount, argument, destination }, context) {
    const { flow, wc } = context;
    const link = chooseLink(hashFieldsOf(flow, fields, basis), algorithm, linkCount, argument);
    maskHashFields(flow, wc, fields);
    maskValue(wc, destination.field, subfieldMask(destination));
    writeSubfield(flow, destination, BigInt(link));
    noteSubfield(destination, context);
  },

  inVersion(action) {
    return [{ ...action, destination: packedSubfield(action.destination) }];
  },

  refusal({ destination }) {
    return destination.field.writable ? null : 'OFPBAC_BAD_SET_ARGUMENT';
  },

  wire: [{ codes: [nicira(10)], size: 22, decode: decodeMultipath, encode: encodeMultipath }],
};
