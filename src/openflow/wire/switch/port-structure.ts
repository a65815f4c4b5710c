/**
 * A port as messages describe it. Mirrors ofputil_pull_phy_port() and ofputil_put_phy_port() of lib/ofp-port.c.
 *
 *     1.0 (48 bytes):      number (2), MAC (6), name (16), config, state, four sets of features (4 each)
 *     1.1 to 1.3 (64):     number (4), zeros (4), MAC (6), zeros (2), name (16), config, state, features, speeds (4 each)
 *     1.4 and later:       number (4), length (2), zeros (2), MAC (6), zeros (2), name (16), config, state, properties:
 *                          Ethernet (0): zeros (4), features, speeds
 */
import { configBits, STATE_BITS_10, STATE_BITS_11 } from '../../port-format.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError, type PortDescription, type PortFeatures } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { readPort11, writePort11 } from '../numbers.js';
import { putAligned, readProperty } from '../property.js';

const NAME_SIZE = 16;
const MAC_SIZE = 6;
const HEAD_SIZE_14 = 40;
const ETHERNET_PROPERTY = 0;
const ETHERNET_SIZE = 32;
const NO_FEATURES: PortFeatures = { current: 0, advertised: 0, supported: 0, peer: 0 };

/** OpenFlow 1.0 has no speeds beyond 10 Gb/s, and its media four bits lower. */
export const featuresFrom10 = (bits: number): number => (bits & 0x7f) | ((bits & 0xf80) << 4);
export const featuresTo10 = (bits: number): number => (bits & 0x7f) | ((bits & 0xf800) >> 4);

/** Bits and kb/s, from the fastest. */
const SPEEDS: readonly (readonly [number, number])[] = [
  [0x200, 1e9],
  [0x100, 1e8],
  [0x80, 4e7],
  [0x40, 1e7],
  [0x30, 1e6],
  [0x0c, 1e5],
  [0x03, 1e4],
];
const speedOf = (features: number): number => SPEEDS.find(([bits]) => (features & bits) !== 0)?.[1] ?? 0;

/** A name leaves room for a NUL. */
export const readName = (body: ByteReader, size: number): string => body.text(size).slice(0, size - 1);

function readFeatures(body: ByteReader, take: (bits: number) => number): PortFeatures {
  return {
    current: take(body.u32()),
    advertised: take(body.u32()),
    supported: take(body.u32()),
    peer: take(body.u32()),
  };
}

function writeFeatures(body: ByteWriter, features: PortFeatures, give: (bits: number) => number): void {
  body.u32(give(features.current));
  body.u32(give(features.advertised));
  body.u32(give(features.supported));
  body.u32(give(features.peer));
}

const low16 = (bits: number): number => bits & 0xffff;

function readPort10(body: ByteReader): PortDescription {
  const port = body.u16();
  const mac = body.view(MAC_SIZE);
  const name = readName(body, NAME_SIZE);
  const config = body.u32() & configBits(10);
  const state = body.u32() & STATE_BITS_10;
  const features = readFeatures(body, featuresFrom10);
  const speeds = { currentSpeedKbps: speedOf(features.current), maxSpeedKbps: speedOf(features.supported) };
  return { port, mac, name, config, state, features, ...speeds };
}

const readSpeeds = (body: ByteReader): Pick<PortDescription, 'currentSpeedKbps' | 'maxSpeedKbps'> => ({
  currentSpeedKbps: body.u32(),
  maxSpeedKbps: body.u32(),
});

/** What OpenFlow 1.1 to 1.5 have between the number and the features. */
function readMiddle(body: ByteReader): Pick<PortDescription, 'mac' | 'name' | 'config' | 'state'> {
  const mac = body.view(MAC_SIZE);
  body.skip(2);
  const name = readName(body, NAME_SIZE);
  return { mac, name, config: body.u32() & configBits(11), state: body.u32() & STATE_BITS_11 };
}

function readPortOf11(body: ByteReader): PortDescription {
  const port = readPort11(body);
  body.skip(4);
  return { port, ...readMiddle(body), features: readFeatures(body, low16), ...readSpeeds(body) };
}

function readPort14(body: ByteReader): PortDescription {
  if (body.remaining < HEAD_SIZE_14) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const ahead = body.part(HEAD_SIZE_14);
  const number = ahead.part(4);
  const size = ahead.u16() - HEAD_SIZE_14;
  if (size < 0 || size > body.remaining) throw new OpenFlowError('OFPBRC_BAD_LEN');
  ahead.skip(2);
  const port = readPort11(number);
  const middle = readMiddle(ahead);
  const properties = body.part(size);
  let features = NO_FEATURES;
  let speeds = { currentSpeedKbps: 0, maxSpeedKbps: 0 };
  while (properties.remaining > 0) {
    const property = readProperty(properties);
    if (property.type !== ETHERNET_PROPERTY) continue;
    if (property.size !== ETHERNET_SIZE) throw new OpenFlowError('OFPBPC_BAD_LEN');
    const value = property.aligned();
    features = readFeatures(value, low16);
    speeds = readSpeeds(value);
  }
  return { port, ...middle, features, ...speeds };
}

export function readPortStructure(body: ByteReader, version: OpenFlowVersion): PortDescription {
  if (version === 10) return readPort10(body);
  return version < 14 ? readPortOf11(body) : readPort14(body);
}

function writeMiddle(body: ByteWriter, { mac, name, config, state }: PortDescription): void {
  body.put(mac);
  body.zeros(2);
  body.text(name, NAME_SIZE);
  body.u32(config & configBits(11));
  body.u32(state & STATE_BITS_11);
}

function writeSpeeds(body: ByteWriter, { currentSpeedKbps, maxSpeedKbps }: PortDescription): void {
  body.u32(currentSpeedKbps);
  body.u32(maxSpeedKbps);
}

export function writePortStructure(body: ByteWriter, port: PortDescription, version: OpenFlowVersion): void {
  const { features = NO_FEATURES } = port;
  if (version === 10) {
    body.u16(port.port);
    body.put(port.mac);
    body.text(port.name, NAME_SIZE);
    body.u32(port.config & configBits(10));
    body.u32(port.state & STATE_BITS_10);
    writeFeatures(body, features, featuresTo10);
    return;
  }
  writePort11(body, port.port);
  if (version < 14) {
    body.zeros(4);
    writeMiddle(body, port);
    writeFeatures(body, features, low16);
    writeSpeeds(body, port);
    return;
  }
  body.u16(HEAD_SIZE_14 + ETHERNET_SIZE);
  body.zeros(2);
  writeMiddle(body, port);
  putAligned(body, ETHERNET_PROPERTY, () => {
    writeFeatures(body, features, low16);
    writeSpeeds(body, port);
  });
}
