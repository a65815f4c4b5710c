/**
 * OFPT_PORT_MOD (OpenFlow 1.5.1 §7.3.4.3): what a port may do, and what it advertises. Mirrors ofputil_decode_port_mod()
 * and ofputil_port_mod_format().
 *
 *     1.0:           number (2), MAC (6), config, mask, advertised features (4 each), zeros (4)
 *     1.1 to 1.3:    number (4), zeros (4), MAC (6), zeros (2), config, mask, advertised (4 each), zeros (4)
 *     later:         the same without what is advertised, which is a property: Ethernet (0)
 */
import { shownPorts } from '../../action/shown-ports.js';
import { configBits, formatPortAddress, formatPortConfig, formatPortFeatures } from '../../port-format.js';
import { formatPort } from '../../port-text.js';
import type { ByteReader } from '../byte-reader.js';
import { ofpt } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';
import { readPort11, writePort11 } from '../numbers.js';
import { putU32, readProperty } from '../property.js';
import { featuresFrom10, featuresTo10 } from './port-structure.js';

export interface PortModMessage {
  readonly kind: 'port-mod';
  readonly port: number;
  /** Six bytes: the port's own, or it is refused. */
  readonly mac: Uint8Array;
  readonly config: number;
  readonly mask: number;
  /** OFPPF_* bits as OpenFlow 1.1 numbers them; 0: as it is. */
  readonly advertised: number;
}

const ETHERNET_PROPERTY = 0;

/** The last Ethernet property counts; others are passed over, as a tool does that prints them. */
function readAdvertised(properties: ByteReader): number {
  let advertised = 0;
  while (properties.remaining > 0) {
    const property = readProperty(properties);
    if (property.type === ETHERNET_PROPERTY) advertised = property.u32() & 0xffff;
  }
  return advertised;
}

export const portMod: MessageKind<PortModMessage> = {
  kind: 'port-mod',
  codes: [
    ofpt('PORT_MOD', [10, 10], 15, { size: 24, unit: 0 }),
    ofpt('PORT_MOD', [11, 13], 16, { size: 32, unit: 0 }),
    ofpt('PORT_MOD', [14, 15], 16, { size: 24, unit: 8 }),
  ],
  decode(body, _code, { version }) {
    const isOpenFlow10 = version === 10;
    const port = isOpenFlow10 ? body.u16() : readPort11(body);
    if (!isOpenFlow10) body.skip(4);
    const mac = body.view(6);
    if (!isOpenFlow10) body.skip(2);
    const config = body.u32();
    const mask = body.u32() & configBits(version);
    const advertised = isOpenFlow10
      ? featuresFrom10(body.u32())
      : version < 14
        ? body.u32() & 0xffff
        : readAdvertised(body);
    return { kind: 'port-mod', port, mac, config: config & mask, mask, advertised };
  },
  encode({ port, mac, config, mask, advertised }, body, _code, { version }) {
    const isOpenFlow10 = version === 10;
    if (isOpenFlow10) body.u16(port);
    else {
      writePort11(body, port);
      body.zeros(4);
    }
    body.put(mac);
    if (!isOpenFlow10) body.zeros(2);
    body.u32(config & configBits(version));
    body.u32(mask & configBits(version));
    if (version < 14) {
      body.u32(isOpenFlow10 ? featuresTo10(advertised) : advertised & 0xffff);
      body.zeros(4);
    } else if (advertised !== 0) putU32(body, ETHERNET_PROPERTY, advertised & 0xffff);
  },
  format: ({ port, mac, config, mask, advertised }, _code, context) =>
    ` port: ${formatPort(port, shownPorts(context))}: addr:${formatPortAddress(mac)}\n` +
    `     config: ${formatPortConfig(config)}\n` +
    `     mask:   ${formatPortConfig(mask)}\n` +
    `     advertise: ${advertised === 0 ? 'UNCHANGED' : formatPortFeatures(advertised)}\n`,
};
