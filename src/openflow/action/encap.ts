/**
 * encap(HEADER(PROPERTY,…)): puts a header before the packet: ethernet, nsh, mpls, mpls_mc.
 * Mirrors ENCAP of lib/ofp-actions.c and lib/ofp-ed-props.c; EXT-382 of the ONF. Properties are NSH's only (RFC 8300).
 */
import { OFF_ETH_TYPE, OFF_NW_PROTO, OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { splitKeyValues } from '../key-value.js';
import { parseU8 } from '../number-text.js';
import { isIpType, PT_ETH, PT_MPLS, PT_MPLS_MC, PT_NSH } from '../packet-type.js';
import { P_OF13_UP } from '../protocol.js';
import type { EncapProperty } from '../translate-context.js';
import type { ActionKind } from './action-kind.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira } from '../wire/action/action-form.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';

export interface EncapAction {
  readonly kind: 'encap';
  readonly packetType: number;
  readonly properties: readonly EncapProperty[];
  /** What the wire said of it, which OVS keeps and nobody asks for. */
  readonly headerSize?: number;
}

const HEADERS: ReadonlyMap<string, number> = new Map([
  ['ethernet', PT_ETH],
  ['nsh', PT_NSH],
  ['mpls', PT_MPLS],
  ['mpls_mc', PT_MPLS_MC],
]);

/** CLASS,TYPE,VALUE; what follows the value's digits is not looked at. */
const TLV = /^0x([0-9a-fA-F]+),(\d+),0x([0-9a-fA-F]{1,251})/;

function parseProperty(key: string, value: string): EncapProperty {
  if (key !== 'md_type' && key !== 'tlv') throw new UserError(`Invalid property: ${key}`);
  if (value === '') throw new UserError('Value missing for encap property');
  if (key === 'md_type') {
    const mdType = parseU8(value, 'md_type');
    if (mdType < 1 || mdType > 2) throw new UserError('invalid md_type');
    return { kind: 'md-type', mdType };
  }
  const found = TLV.exec(value);
  if (found === null) throw new UserError(`Invalid NSH TLV header: ${value}`);
  const bytes = found[3]!.match(/../g) ?? [];
  return {
    kind: 'tlv',
    tlvClass: Number.parseInt(found[1]!, 16) & 0xffff,
    type: Number(found[2]) & 0xff,
    value: Uint8Array.from(bytes, (pair) => Number.parseInt(pair, 16)),
  };
}

function formatProperty(property: EncapProperty): string {
  if (property.kind === 'md-type') return `md_type=${property.mdType}`;
  const value = property.value.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
  const shown = value === 0n ? '0' : `0x${value.toString(16)}`;
  return `tlv(0x${property.tlvClass.toString(16).padStart(4, '0')},${property.type},${shown})`;
}

const HEADER_TYPES: ReadonlySet<number> = new Set(HEADERS.values());

/** Properties of NSH (class 4): the type of its metadata, and a piece of that. */
const CLASS_NSH = 4;
const TYPE_MD = 1;
const TYPE_TLV = 2;
const PROPERTY_HEADER_SIZE = 4;
const TLV_HEADER_SIZE = 8;

const padded = (size: number): number => (size + 7) & ~7;

/** class, type, length without the padding to 8 bytes, value. */
function decodeProperty(body: ByteReader): EncapProperty {
  const start = body.offset;
  const available = body.remaining;
  const [propertyClass, type, length] = [body.u16(), body.u8(), body.u8()];
  if (length < PROPERTY_HEADER_SIZE || padded(length) > available) throw new OpenFlowError('OFPBAC_BAD_LEN');
  const rest = body.part(start + padded(length) - body.offset);
  if (propertyClass !== CLASS_NSH || (type !== TYPE_MD && type !== TYPE_TLV)) {
    throw new OpenFlowError('NXBAC_UNKNOWN_ED_PROP');
  }
  // The padding makes room for either.
  if (type === TYPE_MD) {
    if (length > TLV_HEADER_SIZE) throw new OpenFlowError('NXBAC_BAD_ED_PROP');
    return { kind: 'md-type', mdType: rest.u8() };
  }
  const [tlvClass, tlvType, size] = [rest.u16(), rest.u8(), rest.u8()];
  if (length !== TLV_HEADER_SIZE + padded(size)) throw new OpenFlowError('NXBAC_BAD_ED_PROP');
  return { kind: 'tlv', tlvClass, type: tlvType, value: rest.view(size).slice() };
}

function encodeProperty(property: EncapProperty, body: ByteWriter): void {
  body.u16(CLASS_NSH);
  if (property.kind === 'md-type') {
    body.u8(TYPE_MD);
    body.u8(PROPERTY_HEADER_SIZE + 1);
    body.u8(property.mdType);
    body.zeros(3);
    return;
  }
  const { tlvClass, type, value } = property;
  body.u8(TYPE_TLV);
  body.u8(TLV_HEADER_SIZE + padded(value.length));
  body.u16(tlvClass);
  body.u8(type);
  body.u8(value.length);
  body.put(value);
  body.zeros(padded(value.length) - value.length);
}

export const encapAction: ActionKind<EncapAction> = {
  kind: 'encap',
  names: ['encap'],

  parse(argument, _name, context) {
    context.limit(P_OF13_UP);
    const first = splitKeyValues(argument)[0];
    if (first === undefined) throw new UserError(`Missing encap hdr: ${argument}`);
    const packetType = HEADERS.get(first.key);
    if (packetType === undefined) throw new UserError(`Encap hdr not supported: ${first.value}`);
    const properties = splitKeyValues(first.value).map(({ key, value }) => {
      if (packetType !== PT_NSH) throw new UserError(`Invalid property: ${key}`);
      return parseProperty(key, value);
    });
    return { kind: 'encap', packetType, properties };
  },

  format({ packetType, properties }) {
    const header = [...HEADERS].find(([, type]) => type === packetType)?.[0] ?? 'UNKNOWN';
    return properties.length === 0
      ? `encap(${header})`
      : `encap(${header}(${properties.map(formatProperty).join(',')}))`;
  },

  validate({ packetType }, { match }) {
    const { key } = match;
    key.setU32(OFF_PACKET_TYPE, packetType);
    if (packetType >>> 16 === 1) key.setU16(OFF_ETH_TYPE, packetType & 0xffff);
    if (!isIpType(key.u16(OFF_ETH_TYPE))) key.setU8(OFF_NW_PROTO, 0);
    return null;
  },

  translate({ packetType, properties }, context) {
    context.encap({ packetType, properties });
  },

  refusal(_action, version) {
    return version < 13 ? 'OFPBAC_BAD_VENDOR_TYPE' : null;
  },

  wire: [
    {
      codes: [nicira(46, 13)],
      size: 6,
      grows: true,
      decode(body) {
        const [headerSize, packetType] = [body.u16(), body.u32()];
        if (!HEADER_TYPES.has(packetType)) throw new OpenFlowError('NXBAC_BAD_HEADER_TYPE');
        const properties: EncapProperty[] = [];
        while (body.remaining > 0) properties.push(decodeProperty(body));
        return { kind: 'encap', packetType, properties, ...(headerSize === 0 ? {} : { headerSize }) };
      },
      encode({ packetType, properties, headerSize }, body) {
        body.u16(headerSize ?? 0);
        body.u32(packetType);
        for (const property of properties) encodeProperty(property, body);
      },
    },
  ],
};
