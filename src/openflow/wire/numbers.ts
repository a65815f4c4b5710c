/** Numbers that messages share: ports, and values that stand for "none". */
import type { Duration } from '../duration.js';
import { portFromOpenFlow11, portToOpenFlow11 } from '../port-text.js';
import { OFPP_NONE } from '../ports.js';
import type { OpenFlowVersion } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/** OFPG_ANY, and the buffer of a packet that the switch does not keep. */
export const NO_NUMBER = 0xffffffff;

/** A port of OpenFlow 1.1 and later; throws where 16 bits do not hold it. */
export function readPort11(reader: ByteReader): number {
  const port = portFromOpenFlow11(reader.u32());
  if (port === null) throw new OpenFlowError('OFPBAC_BAD_OUT_PORT');
  return port;
}

export const writePort11 = (writer: ByteWriter, port: number | null): void =>
  writer.u32(portToOpenFlow11(port ?? OFPP_NONE));

export const portOrNull = (port: number): number | null => (port === OFPP_NONE ? null : port);
export const numberOrNull = (value: number): number | null => (value === NO_NUMBER ? null : value);

/** A port as the version has it: of 16 bits, or of 32. */
export function readPort(reader: ByteReader, version: OpenFlowVersion): number {
  return version === 10 ? reader.u16() : readPort11(reader);
}

export function writePort(writer: ByteWriter, port: number, version: OpenFlowVersion): void {
  if (version === 10) writer.u16(port);
  else writePort11(writer, port);
}

const COUNTER_UNKNOWN = 0xffff_ffff_ffff_ffffn;

/** -1n: the switch does not know. */
export function readCounter(reader: ByteReader): bigint {
  const value = reader.u64();
  return value === COUNTER_UNKNOWN ? -1n : value;
}

/** Null: all ones, which is what a switch says that does not know. */
export function readDuration(reader: ByteReader): Duration | null {
  const duration = { seconds: reader.u32(), nanoseconds: reader.u32() };
  return duration.seconds === NO_NUMBER ? null : duration;
}

export function writeDuration(writer: ByteWriter, duration: Duration | null): void {
  writer.u32(duration?.seconds ?? NO_NUMBER);
  writer.u32(duration?.nanoseconds ?? NO_NUMBER);
}
