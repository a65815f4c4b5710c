/**
 * A datapath on a bench: dummy ports whose frames are kept, a clock that the test turns, and short ways to write keys,
 * masks and flows.
 */
import { Datapath } from '#datapath/datapath.js';
import type { DatapathOptions } from '#datapath/datapath-options.js';
import type { DpAction, FlowPutResult, SetAttribute, Upcall, VportSpec } from '#datapath/dpif.js';
import type { DatapathEnvironment, Underlay } from '#datapath/environment.js';
import { extractFlow } from '#datapath/flow-extract.js';
import { fieldNamed, writeField } from '#flowtable/fields.js';
import { FlowKey, OFF_IN_PORT } from '#flowtable/flow-key.js';
import { exactDatapathMask } from '#flowtable/flow-mask.js';
import { toHex } from './packet-builder.js';

export interface Sent {
  readonly port: number;
  readonly frame: string;
}

export interface DatapathBench {
  readonly datapath: Datapath;
  /** What left, in order, as hex. */
  readonly sent: Sent[];
  readonly clock: { nowNs: number };
  addPort(port: number, spec?: Partial<VportSpec>): void;
  /** Takes the frames that have left. */
  takeSent(): Sent[];
  drainUpcalls(): Upcall[];
}

export function makeBench(
  options: Partial<DatapathOptions> = {},
  ports: readonly number[] = [1, 2, 3],
  underlay: Underlay | null = null,
): DatapathBench {
  const clock = { nowNs: 0 };
  const environment: DatapathEnvironment = {
    clock: { nowNs: () => clock.nowNs },
    rng: { next32: () => 4 },
    underlay,
  };
  const datapath = new Datapath(environment, { name: 'test@dp', checkDisjoint: true, ...options });
  const sent: Sent[] = [];
  const bench: DatapathBench = {
    datapath,
    sent,
    clock,
    addPort: (port, spec = {}) => {
      datapath.portAdd({
        name: `p${port}`,
        type: 'dummy',
        port,
        transmit: (frame) => {
          sent.push({ port, frame: toHex(frame) });
        },
        ...spec,
      });
    },
    takeSent: () => sent.splice(0),
    drainUpcalls: () => {
      const upcalls: Upcall[] = [];
      for (let upcall = datapath.upcallReceive(); upcall !== null; upcall = datapath.upcallReceive()) {
        upcalls.push(upcall);
      }
      return upcalls;
    },
  };
  for (const port of ports) bench.addPort(port);
  return bench;
}

/** A key with some fields, by the names of the table of fields. */
export function keyOf(fields: Readonly<Record<string, number | bigint>>): FlowKey {
  const key = new FlowKey();
  for (const [name, value] of Object.entries(fields)) writeField(key, fieldNamed(name), BigInt(value));
  key.updateShape();
  return key;
}

/** A mask of whole fields. */
export function maskOf(...names: readonly string[]): FlowKey {
  const mask = new FlowKey();
  for (const name of names) {
    const field = fieldNamed(name);
    writeField(mask, field, (1n << BigInt(field.bits)) - 1n);
  }
  return mask;
}

/** The key of a frame that comes in by a port. */
export function frameKey(frame: Uint8Array, port: number, vlanLimit = 1): FlowKey {
  const metadata = new FlowKey();
  metadata.setU32(OFF_IN_PORT, port);
  return extractFlow(frame, metadata, vlanLimit);
}

/** Puts a flow for exactly this frame, or for those like it in the fields of a mask. */
export function putFlow(
  bench: DatapathBench,
  frame: Uint8Array,
  port: number,
  actions: readonly DpAction[],
  mask: FlowKey = exactDatapathMask(),
): FlowPutResult {
  return bench.datapath.flowPut({ key: frameKey(frame, port), mask, actions, mode: 'put' });
}

export const output = (port: number): DpAction => ({ kind: 'output', port });

export function setField(
  attribute: SetAttribute,
  fields: Readonly<Record<string, number | bigint>>,
  whole = false,
): DpAction {
  return {
    kind: 'set',
    attribute,
    value: keyOf(fields),
    mask: whole ? null : maskOf(...Object.keys(fields)),
  };
}
