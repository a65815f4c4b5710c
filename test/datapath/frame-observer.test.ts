/** Who watches a datapath hears of every frame that leaves and of every one that dies, as often as they are counted. */
import { expect, it } from 'vitest';
import { Datapath } from '../../datapath/datapath.js';
import type { DpAction } from '../../datapath/dpif.js';
import { extractFlow } from '../../datapath/flow-extract.js';
import { FlowKey, OFF_IN_PORT, OFF_RECIRC_ID } from '../../flowtable/flow-key.js';
import { eth } from '../support/packet-builder.js';

const FRAME = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(30).bytes();
const LONG = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(1600).bytes();

/** Ports 1 to 4; what comes in by 1 has these actions, what comes in by others is a miss. */
const watched = (actions: readonly DpAction[], options: { upcallQueueSize?: number } = {}) => {
  const environment = { clock: { nowNs: () => 1 }, rng: { next32: () => 1 }, underlay: null };
  const datapath = new Datapath(environment, { name: 'test', ...options });
  for (const port of [1, 2, 3, 4]) datapath.portAdd({ name: `p${port}`, type: 'dummy', port });
  const mask = new FlowKey();
  mask.setU32(OFF_IN_PORT, 0xffffffff);
  mask.setU32(OFF_RECIRC_ID, 0xffffffff);
  const metadata = new FlowKey();
  metadata.setU32(OFF_IN_PORT, 1);
  datapath.flowPut({ key: extractFlow(FRAME, metadata), mask, actions, mode: 'create' });
  const heard: string[] = [];
  datapath.observe({
    transmitted: (port, frame) => heard.push(`p${port} sent ${frame.length}`),
    dropped: (reason, inPort, frame) => heard.push(`p${inPort} dropped ${frame.length}: ${reason}`),
  });
  return { datapath, heard };
};

const output = (...ports: readonly number[]): DpAction[] => ports.map((port) => ({ kind: 'output', port }));

it.each<readonly [string, readonly DpAction[], Uint8Array, number, readonly string[]]>([
  ['leaves by two ports', output(2, 3), FRAME, 1, ['p2 sent 72', 'p3 sent 72']],
  ['has no actions', [], FRAME, 1, ['p1 dropped 72: flow-drop']],
  ['is dropped by an action', [{ kind: 'drop', reason: 'explicit-drop' }], FRAME, 1, ['p1 dropped 72: explicit-drop']],
  ['is for a port that is not there', output(9), FRAME, 1, ['p1 dropped 72: no-vport']],
  ['comes by a port that is not there', [], FRAME, 9, ['p9 dropped 72: no-vport']],
  ['is too long for the port', output(2), LONG, 1, ['p1 dropped 1642: mtu-exceeded']],
  ['is too short', [], FRAME.subarray(0, 9), 1, ['p1 dropped 9: frame-too-short']],
])('a frame that %s is told', (_what, actions, frame, port, expected) => {
  const { datapath, heard } = watched(actions);
  datapath.receive(port, frame);
  expect(heard).toEqual(expected);
  // The same frame from an arena.
  heard.length = 0;
  const batch = { starts: Int32Array.of(0), lengths: Int32Array.of(frame.length), ports: Int32Array.of(port) };
  const bytes = frame.slice();
  datapath.receiveFrames({ bytes, view: new DataView(bytes.buffer) }, batch, 0, 1);
  expect(heard).toEqual(expected);
});

it('a frame at a port that is down is told', () => {
  const { datapath, heard } = watched(output(2));
  datapath.portSet(2, { up: false });
  datapath.receive(1, FRAME);
  datapath.portSet(1, { up: false });
  datapath.receive(1, FRAME);
  expect(heard).toEqual(['p1 dropped 72: vport-down', 'p1 dropped 72: vport-down']);
});

it('a miss that is lost is told, also one that makes room for another', () => {
  const { datapath, heard } = watched([], { upcallQueueSize: 4, ...{ upcallQueueSizePerPort: 3 } });
  const miss = (port: number, size: number): void => {
    datapath.receive(port, eth().payload(size).bytes());
  };
  for (const size of [46, 47, 48, 49]) miss(2, size);
  miss(3, 50);
  miss(4, 51);
  expect(heard).toEqual(['p2 dropped 63: upcall-port-full', 'p2 dropped 62: upcall-port-full']);
  expect(datapath.stats().lost).toBe(2);
});

it('nobody is told once nobody watches', () => {
  const { datapath, heard } = watched(output(2));
  datapath.observe(null);
  datapath.receive(1, FRAME);
  expect(heard).toEqual([]);
});
