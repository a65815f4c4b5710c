/**
 * A frame made of the fields that a scenario gives: what the fields imply (an Ethernet type for an address, a protocol for
 * a port) is filled in, and checksums and lengths are right.
 */
import type { Field } from '#flowtable/fields.js';
import { FlowKey, OFF_ETH_TYPE, OFF_NW_PROTO, OFF_NW_TTL } from '#flowtable/flow-key.js';
import { parseExactFieldText, parseFieldText } from '../../openflow/field-text.js';
import { writeValue } from '../../openflow/field-value.js';
import { NO_PORT_NAMES } from '../../openflow/ports.js';
import { UserError } from '../../report/user-error.js';
import { composeFrame } from '../../vswitchd/odp/compose-frame.js';
import { frameField, type WantedValue } from './frame-fields.js';

const DEFAULT_TTL = 64;

/** What a field's prerequisite says of the frame: Ethernet type and IP protocol. */
const IMPLIED: Readonly<Record<string, { readonly ethType?: number; readonly protocol?: number }>> = {
  ipv4: { ethType: 0x0800 },
  ipv6: { ethType: 0x86dd },
  arp: { ethType: 0x0806 },
  mpls: { ethType: 0x8847 },
  tcp: { protocol: 6 },
  udp: { protocol: 17 },
  sctp: { protocol: 132 },
  icmpv4: { ethType: 0x0800, protocol: 1 },
  icmpv6: { ethType: 0x86dd, protocol: 58 },
  nd: { ethType: 0x86dd, protocol: 58 },
  'nd-solicit': { ethType: 0x86dd, protocol: 58 },
  'nd-advert': { ethType: 0x86dd, protocol: 58 },
};

/** Throws UserError where the fields contradict each other, or have no exact value. */
export function composeFromFields(fields: Readonly<Record<string, WantedValue | undefined>>): Uint8Array {
  const key = new FlowKey();
  let payload: string | null = null;
  let size: number | null = null;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const field = frameField(name);
    if (field.name === 'payload') payload = String(value);
    else if (field.name === 'frame_size' && typeof value === 'number') size = value;
    else if (field.keyField === null) throw new UserError(`a frame cannot be made with ${name}`);
    else {
      imply(key, field.keyField.prerequisite, name);
      writeValue(key, field.keyField, exactValue(field.keyField, String(value)));
    }
  }
  const type = key.u16(OFF_ETH_TYPE);
  const isIp = type === 0x0800 || type === 0x86dd;
  if (key.u8(OFF_NW_PROTO) !== 0 && type === 0) throw new UserError('the frame needs ip_src or ipv6_src');
  if (isIp && fields.nw_ttl === undefined) key.setU8(OFF_NW_TTL, DEFAULT_TTL);
  if (type === 0) throw new UserError('the frame needs an eth_type, or a field that implies one');
  key.updateShape();
  const frame = composeFrame(key, {
    ...(payload === null ? { payloadSize: 0 } : { payload: new TextEncoder().encode(payload) }),
    ...(size === null || payload !== null ? {} : { size }),
  });
  if (frame === null) throw new UserError(`the headers alone are longer than frame_size ${size}`);
  return frame;
}

/** Flags that are not named are off; any other field needs all of its bits. */
const exactValue = (field: Field, text: string): bigint =>
  field.format === 'tcp-flags'
    ? parseFieldText(field, text, NO_PORT_NAMES).value
    : parseExactFieldText(field, text, NO_PORT_NAMES);

function imply(key: FlowKey, prerequisite: string, name: string): void {
  const { ethType, protocol } = IMPLIED[prerequisite] ?? {};
  const contradiction = (): UserError => new UserError(`${name} contradicts the fields before it`);
  if (ethType !== undefined) {
    const type = key.u16(OFF_ETH_TYPE);
    if (type !== 0 && type !== ethType && !(prerequisite === 'arp' && type === 0x8035)) throw contradiction();
    if (type === 0) key.setU16(OFF_ETH_TYPE, ethType);
  }
  if (protocol !== undefined) {
    const known = key.u8(OFF_NW_PROTO);
    if (known !== 0 && known !== protocol) throw contradiction();
    key.setU8(OFF_NW_PROTO, protocol);
  }
}
