/** Bonds and LACP on the virtual clock; what is expected here is what ovs-vswitchd 3.1.0 does (test/differential/bond.test.ts). */
import { describe, expect, it } from 'vitest';
import { TestSwitch } from '../../support/test-switch.js';

const LEARNING = 'ffffffffffff5054000000058035000108000604000350540000000500000000505400000005' + '00000000';

async function bonded(settings: string): Promise<TestSwitch> {
  const sw = TestSwitch.withPorts(0);
  sw.vsctl(
    `add-bond br0 bond0 p1 p2 ${settings} -- set Interface p1 type=dummy ofport_request=1 -- ` +
      'set Interface p2 type=dummy ofport_request=2',
  );
  sw.addPort('br0', 'p7', 7);
  await sw.ofctl('add-flow br0 actions=NORMAL');
  // Whichever was first.
  sw.appctl('bond/set-active-member bond0 p1');
  return sw;
}

const activeMember = (sw: TestSwitch): string | undefined =>
  /member (\w+): enabled\n {2}active member/.exec(sw.appctl('bond/show bond0'))?.[1];

/** Two switches in one, bond0 and bond1 wired to each other. */
function twoSwitches(settings: string): TestSwitch {
  const sw = TestSwitch.withPorts(0);
  const end = (name: string, wire: string, number: number): string =>
    `set Interface ${name} type=dummy options:${wire} ofport_request=${number}`;
  sw.vsctl(
    `set bridge br0 other_config:hwaddr=aa:55:aa:55:00:00 -- add-bond br0 bond0 p1 p2 ${settings} -- ` +
      `${end('p1', 'pstream=punix:/p1.sock', 1)} -- ${end('p2', 'pstream=punix:/p2.sock', 2)} -- ` +
      'add-br br1 -- set bridge br1 datapath-type=dummy fail-mode=secure other_config:hwaddr=aa:66:aa:66:00:00 -- ' +
      `add-bond br1 bond1 p3 p4 ${settings} -- ` +
      `${end('p3', 'stream=unix:/p1.sock', 3)} -- ${end('p4', 'stream=unix:/p2.sock', 4)}`,
  );
  sw.addPort('br0', 'p7', 7);
  return sw;
}

describe('active-backup', () => {
  it('sends by the active member, and takes frames from it only', async () => {
    const sw = await bonded('bond_mode=active-backup');
    expect(sw.trace('br0', 'in_port=7', 'Datapath actions')).toMatch(/^(100,1|1,100)$/);
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toMatch(/^(100,7|7,100)$/);
    expect(sw.trace('br0', 'in_port=2', 'Datapath actions')).toBe('drop');
  });

  it('changes over when the link goes, after downdelay, and tells the neighbours', async () => {
    const sw = await bonded('bond_mode=active-backup bond_downdelay=300');
    sw.receive('p7', Buffer.from('5054000000095054000000058888'.padEnd(120, '0'), 'hex'));
    sw.appctl('netdev-dummy/set-admin-state p1 down');
    expect(sw.appctl('bond/show bond0')).toContain('downdelay expires in 300 ms');
    sw.appctl('time/warp 299');
    expect(activeMember(sw)).toBe('p1');
    sw.sent.length = 0;
    sw.appctl('time/warp 1');
    expect(activeMember(sw)).toBe('p2');
    expect(sw.sent).toEqual([{ port: 'p2', hex: LEARNING }]);
    expect(sw.vsctl('get port bond0 bond_active_slave')).toBe(
      `"${JSON.parse(sw.vsctl('get interface p2 mac_in_use'))}"\n`,
    );
  });

  it('does not wait for updelay where no member is left, and goes back to the primary', async () => {
    const sw = await bonded('bond_mode=active-backup bond_updelay=500 other_config:bond-primary=p1');
    sw.appctl('netdev-dummy/set-admin-state p1 down');
    sw.appctl('netdev-dummy/set-admin-state p2 down');
    expect(activeMember(sw)).toBeUndefined();
    sw.appctl('netdev-dummy/set-admin-state p2 up');
    expect(activeMember(sw)).toBe('p2');
    sw.appctl('netdev-dummy/set-admin-state p1 up');
    expect(activeMember(sw)).toBe('p2');
    sw.appctl('time/warp 500');
    expect(activeMember(sw)).toBe('p1');
  });
});

describe('balance-slb', () => {
  it('spreads by source address and VLAN, and keeps a source where it is', async () => {
    const sw = await bonded('bond_mode=balance-slb');
    const outOf = (source: string): string => sw.trace('br0', `in_port=7,dl_src=${source}`, 'Datapath actions');
    const sources = Array.from({ length: 16 }, (_, i) => `50:54:00:00:00:${i.toString(16).padStart(2, '0')}`);
    const first = sources.map(outOf);
    expect(new Set(first).size).toBe(2);
    expect(sources.map(outOf)).toEqual(first);
    const hash = sw.appctl(`bond/hash ${sources[0]} 0`).trim();
    const other = first[0]!.includes('1,') || first[0]!.endsWith(',1') ? 'p2' : 'p1';
    sw.appctl(`bond/migrate bond0 ${hash} ${other}`);
    expect(outOf(sources[0]!)).not.toBe(first[0]);
  });

  it('drops what comes back, and believes a gratuitous ARP unless the machine was just heard elsewhere', async () => {
    const sw = await bonded('bond_mode=balance-slb');
    sw.receive('p7', Buffer.from('5054000000095054000000058888'.padEnd(120, '0'), 'hex'));
    const from = (port: number, more = ''): string =>
      sw.trace('br0', `in_port=${port},dl_src=50:54:00:00:00:05${more}`, 'Datapath actions');
    expect(from(2)).toBe('drop');
    expect(from(1, ',dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=2')).not.toBe('drop');
    sw.receive('p7', Buffer.from('ffffffffffff50540000000508060001080006040002'.padEnd(120, '0'), 'hex'));
    expect(from(1, ',dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=2')).toBe('drop');
    sw.sleep(6);
    expect(from(1, ',dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=2')).not.toBe('drop');
  });

  it('takes multicast on the active member only', async () => {
    const sw = await bonded('bond_mode=balance-slb');
    const multicast = (port: number): string =>
      sw.trace('br0', `in_port=${port},dl_dst=ff:ff:ff:ff:ff:ff`, 'Datapath actions');
    expect(multicast(1)).not.toBe('drop');
    expect(multicast(2)).toBe('drop');
    sw.vsctl('set port bond0 other_config:all-members-active=true');
    expect(multicast(2)).not.toBe('drop');
  });
});

describe('balance-tcp with LACP', () => {
  it('negotiates, and has the datapath choose by hash', async () => {
    const sw = twoSwitches('bond_mode=balance-tcp lacp=active other_config:lacp-time=fast');
    await sw.ofctl('add-flow br0 actions=NORMAL');
    sw.appctl('time/warp 3000');
    expect(sw.appctl('lacp/show').match(/: current attached/g)).toHaveLength(4);
    expect(sw.vsctl('get interface p1 lacp_current')).toBe('true\n');
    expect(sw.trace('br0', 'in_port=7,tcp', 'Datapath actions')).toMatch(/hash\(l4\(0\)\),recirc\(0x1\)/);
    const rules = await sw.ofctl('dump-flows br0 table=254');
    expect(rules.match(/recirc_id=0x1,dp_hash=.*output:[12]$/gm)).toHaveLength(256);
    sw.vsctl('set port bond0 other_config:lb-output-action=true');
    expect(sw.trace('br0', 'in_port=7,tcp', 'Datapath actions')).toMatch(/lb_output\(1\)/);
  });

  it.each(['recirculation', 'lb_output'])('sends a packet by one member (%s)', async (how) => {
    const sw = twoSwitches('bond_mode=balance-tcp lacp=active other_config:lacp-time=fast');
    if (how === 'lb_output') sw.vsctl('set port bond0 other_config:lb-output-action=true');
    await sw.ofctl('add-flow br0 actions=NORMAL');
    sw.appctl('time/warp 3000');
    sw.sent.length = 0;
    const used = new Set<string>();
    for (let port = 0; port < 32; port++) {
      const before = sw.sent.length;
      sw.appctl(
        "netdev-dummy/receive p7 'in_port(7),eth(src=50:54:00:00:00:05,dst=50:54:00:00:01:00),eth_type(0x0800)," +
          `ipv4(src=10.0.0.2,dst=10.0.0.1,proto=6,tos=0,ttl=64,frag=no),tcp(src=8,dst=${port}),tcp_flags(ack)'`,
      );
      const members = sw.sent.slice(before).filter(({ port: name }) => name === 'p1' || name === 'p2');
      expect(members).toHaveLength(1);
      used.add(members[0]!.port);
    }
    expect([...used].sort()).toEqual(['p1', 'p2']);
  });

  it('sends nothing, and takes nothing, without a partner, unless it may fall back', async () => {
    const sw = await bonded('bond_mode=balance-tcp');
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toBe('drop');
    sw.vsctl('set port bond0 lacp=passive');
    expect(sw.appctl('bond/show bond0')).toContain('lacp_status: configured');
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toBe('drop');
    sw.vsctl('set port bond0 other_config:lacp-fallback-ab=true');
    sw.appctl('time/warp 100');
    sw.appctl('bond/set-active-member bond0 p1');
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toMatch(/^(100,7|7,100)$/);
    expect(sw.trace('br0', 'in_port=7', 'Datapath actions')).toMatch(/^(100,1|1,100)$/);
  });
});
