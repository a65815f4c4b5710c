/** Caches change how fast an answer comes and never the answer: the same frames leave with all, some and none of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eth } from '../support/packet-builder.js';
import { TestSwitch } from '../support/test-switch.js';

const PORTS = 4;
const MACS = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03', 'ff:ff:ff:ff:ff:ff'];
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.1.0.1', '192.168.7.9'];

const frame = fc
  .record({
    port: fc.integer({ min: 1, max: PORTS }),
    source: fc.nat(2),
    destination: fc.nat(3),
    vlan: fc.constantFrom(null, 10, 20),
    from: fc.nat(3),
    to: fc.nat(3),
    kind: fc.constantFrom('tcp', 'udp', 'icmp', 'arp'),
    ports: fc.tuple(fc.constantFrom(1, 80, 53, 40000), fc.constantFrom(22, 80, 53)),
  })
  .map((f) => {
    let builder = eth(MACS[f.source]!, MACS[f.destination]!);
    if (f.vlan !== null) builder = builder.vlan(f.vlan);
    const from = ADDRESSES[f.from]!;
    const to = ADDRESSES[f.to]!;
    const port = `p${f.port}`;
    if (f.kind === 'arp') return { port, bytes: builder.arp('request', from, to).bytes() };
    const ip = builder.ipv4(from, to);
    if (f.kind === 'tcp') return { port, bytes: ip.tcp(f.ports[0], f.ports[1]).bytes() };
    if (f.kind === 'udp') return { port, bytes: ip.udp(f.ports[0], f.ports[1]).bytes() };
    return { port, bytes: ip.icmp(8, 0).bytes() };
  });

const match = fc.constantFrom(
  '',
  'in_port=1',
  'in_port=2',
  'ip',
  'arp',
  'tcp',
  'udp,tp_dst=53',
  'tcp,tp_src=80',
  'ip,nw_dst=10.0.0.0/24',
  'ip,nw_dst=10.0.0.0/8',
  'ip,nw_src=192.168.0.0/16',
  'dl_vlan=10',
  'dl_dst=02:00:00:00:00:01',
  'icmp,icmp_type=8',
);
const action = fc.constantFrom(
  'output:1',
  'output:3',
  'NORMAL',
  'FLOOD',
  'in_port',
  'drop',
  'mod_vlan_vid:20',
  'strip_vlan',
  'push_vlan:0x8100',
  'mod_nw_dst:10.9.9.9',
  'mod_dl_src:02:00:00:00:00:77',
  'dec_ttl',
  'mod_tp_dst:8080',
  'load:5->NXM_NX_REG0[]',
  'resubmit(,1)',
  'resubmit(2,1)',
);
const rule = fc
  .record({
    table: fc.constantFrom(0, 0, 1),
    priority: fc.integer({ min: 1, max: 5 }),
    match,
    actions: fc.array(action, { minLength: 1, maxLength: 4 }),
  })
  .map(({ table, priority, match: text, actions }) => {
    const list = actions.filter((a) => a !== 'drop' && !(table === 1 && a.startsWith('resubmit')));
    return `'table=${table},priority=${priority},${text === '' ? '' : `${text},`}actions=${list.join(',') || 'drop'}'`;
  });

async function run(rules: readonly string[], frames: readonly { port: string; bytes: Uint8Array }[], caches: object) {
  const sw = new TestSwitch(caches);
  sw.vsctl('add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure');
  sw.addPort('br0', 'p1', 1);
  sw.addPort('br0', 'p2', 2, 'tag=10');
  sw.addPort('br0', 'p3', 3, 'trunks=10,20');
  sw.addPort('br0', 'p4', 4, 'vlan_mode=native-untagged tag=20');
  for (const text of rules) {
    try {
      await sw.ofctl(`add-flow br0 ${text}`);
    } catch {
      // A rule whose actions do not go with its match: refused alike in every run.
    }
  }
  for (const { port, bytes } of frames) sw.receive(port, bytes);
  return { sent: sw.sent, flows: await sw.ofctl('dump-flows br0 --no-stats') };
}

describe('caches', () => {
  it('never change what leaves', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { minLength: 1, maxLength: 8 }),
        fc.array(frame, { minLength: 1, maxLength: 25 }),
        async (rules, frames) => {
          const computed = await run(rules, frames, { megaflowTable: false });
          expect(await run(rules, frames, {})).toEqual(computed);
          expect(await run(rules, frames, { microflowCache: false })).toEqual(computed);
        },
      ),
      { numRuns: 60 },
    );
  });
});
