/** Captures through a switch that a shell file sets up. */
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/capture-reader.js';
import { replayCaptures } from '../../src/replay/replay-captures.js';
import { makeSetupMachine } from '../../src/replay/setup-machine.js';
import type { SpreadBy } from '../../src/replay/spread.js';
import { buildPcap } from '../capture/build-capture.js';
import { eth } from '../support/packet-builder.js';

let folder = '';
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'setup-')));
});
afterAll(() => rmSync(folder, { recursive: true }));

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const C = '02:00:00:00:00:0c';
const udp = (from: string, to: string): Uint8Array =>
  eth(from, to).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(30).bytes();
const FRAMES = [udp(A, B), udp(B, A), udp(C, A), udp(A, C)];

const BRIDGE = `ovs-vsctl add-br br0 -- set bridge br0 datapath_type=dummy`;
const port = (name: string, more = '') => `ovs-vsctl add-port br0 ${name} ${more} -- set Interface ${name} type=dummy`;

const replay = async (setup: string, options: { by?: SpreadBy; inPort?: string } = {}) => {
  const capture = join(folder, 'a.pcap');
  writeFileSync(capture, buildPcap(FRAMES.map((bytes, i) => ({ seconds: 1_700_000_000 + i, nanoseconds: 0, bytes }))));
  const file = join(folder, 'setup.sh');
  writeFileSync(file, setup);
  let printed = '';
  const [report] = await replayCaptures(
    {
      captures: [capture],
      by: options.by ?? (options.inPort === undefined ? 'src-mac' : 'one'),
      maxPorts: 9,
      loops: 1,
    },
    {
      standardInput: () => {
        throw new Error('not used');
      },
      makeTarget: (wish) =>
        makeSetupMachine({
          ...wish,
          setup: file,
          directory: folder,
          seed: 1,
          inPort: options.inPort,
          onOutput: (bytes) => {
            printed += Buffer.from(bytes).toString();
          },
        }),
      makePace: () => ({ wallNs: () => 0, until: () => null, breathe: async () => false }),
      onScan: () => {},
      onReport: () => {},
    },
  );
  const ports = report!.result!.ports.map(({ name, rxPackets, txPackets }) => [name, rxPackets, txPackets]);
  return { report: report!, result: report!.result!, ports, printed };
};

describe('a switch of your own', () => {
  it('takes frames by its ports, and forwards them by its flows', async () => {
    const { ports, printed } = await replay(`
      ${BRIDGE}
      for i in 1 2 3; do ovs-vsctl add-port br0 p$i -- set Interface p$i type=dummy ofport_request=$i; done
      ovs-ofctl del-flows br0
      ovs-ofctl add-flow br0 in_port=1,actions=output:3
      ovs-ofctl add-flow br0 in_port=2,actions=drop
      echo ready
    `);
    expect(printed).toBe('ready\n');
    expect(ports).toEqual([
      ['p1', 2, 0],
      ['p2', 1, 0],
      ['p3', 1, 2],
      ['br0', 0, 0],
    ]);
  });

  it('counts the drops of its flows', async () => {
    const { result } = await replay([BRIDGE, port('p1'), port('p2'), port('p3'), 'ovs-ofctl del-flows br0'].join('\n'));
    expect([...result.drops]).toEqual([['flow-drop', 4]]);
  });

  it('with fewer ports than sources, goes round', async () => {
    const { ports, result } = await replay([BRIDGE, port('p1'), port('p2')].join('\n'));
    expect(ports.map(([, rx]) => rx)).toEqual([3, 1, 0]);
    expect(result.ports[0]!.takes).toBe('02:00:00:00:00:0a and 1 more');
  });

  it.each(['p2', '2'])('takes all frames by the port %s', async (inPort) => {
    const { ports } = await replay([BRIDGE, port('p1'), `${port('p2')} ofport_request=2`].join('\n'), { inPort });
    expect(ports.map(([, rx]) => rx)).toEqual([0, 4, 0]);
  });

  it('filters VLANs as its ports say', async () => {
    const { ports } = await replay(
      [BRIDGE, port('p1', 'tag=10'), port('p2', 'tag=10'), port('p3', 'tag=20')].join('\n'),
    );
    // Sources A and B share VLAN 10; C is alone in VLAN 20. The bridge's own port carries all VLANs.
    expect(ports).toEqual([
      ['p1', 2, 1],
      ['p2', 1, 2],
      ['p3', 1, 0],
      ['br0', 0, 3],
    ]);
  });

  it('writes the captures that its ports ask for', async () => {
    const pcap = join(folder, 'p2-tx.pcap');
    await replay([BRIDGE, port('p1'), `${port('p2')} options:tx_pcap=${pcap}`].join('\n'));
    expect(existsSync(pcap)).toBe(true);
    let count = 0;
    for await (const _record of await readCapture(pcap)) count++;
    expect(count).toBeGreaterThan(0);
  });

  it.each<readonly [string, string, { inPort?: string }, RegExp]>([
    ['a file that fails', 'false', {}, /the setup ended with exit status 1/],
    ['a file that makes no bridge', 'true', {}, /the setup made no bridge/],
    ['a bridge without ports', BRIDGE, {}, /made no port that frames can come in by/],
    ['a port that it did not make', [BRIDGE, port('p1')].join('\n'), { inPort: 'p9' }, /the setup made no such port/],
  ])('refuses %s', async (_what, setup, options, message) => {
    await expect(replay(setup, options)).rejects.toThrow(message);
  });

  it('says so when there is no such file', async () => {
    const options = { portLabels: [], longestFrame: 60, directory: folder, seed: 1, onOutput: () => {} };
    await expect(makeSetupMachine({ ...options, setup: join(folder, 'absent.sh') })).rejects.toThrow(/cannot be read/);
  });
});
