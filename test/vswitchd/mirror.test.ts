/** Mirrors; the datapath actions are those of ovs-vswitchd 3.1.0. */
import { describe, expect, it } from 'vitest';
import { TestSwitch } from '../support/test-switch.js';

const FLOW = 'in_port=1,dl_src=50:54:00:00:00:01,dl_dst=50:54:00:00:00:02';
const UNMIRRORED = 'push_vlan(vid=10,pcp=0),100,pop_vlan,1,push_vlan(vid=10,pcp=0),3,4';

async function mirroring(settings: string): Promise<TestSwitch> {
  const sw = TestSwitch.withPorts(5);
  await sw.ofctl('add-flow br0 actions=NORMAL');
  sw.vsctl('set port p1 tag=10 -- set port p2 tag=10 -- set port p3 trunks=10,20');
  sw.vsctl(
    '-- --id=@p1 get port p1 -- --id=@p2 get port p2 -- --id=@p5 get port p5 ' +
      `-- --id=@m create mirror name=m0 ${settings} -- set bridge br0 mirrors=@m`,
  );
  return sw;
}

describe('A mirror', () => {
  it.each([
    [
      'of everything copies what comes in',
      'select_all=true output_port=@p5',
      FLOW,
      'push_vlan(vid=10,pcp=0),5,100,pop_vlan,2,push_vlan(vid=10,pcp=0),3,4',
    ],
    ['keeps its output port for itself', 'select_all=true output_port=@p5', 'in_port=5', 'drop'],
    [
      'of a source port copies what comes in there',
      'select_src_port=@p1 output_port=@p5',
      FLOW,
      'push_vlan(vid=10,pcp=0),5,100,pop_vlan,2,push_vlan(vid=10,pcp=0),3,4',
    ],
    ['of a source port copies nothing else', 'select_src_port=@p1 output_port=@p5', 'in_port=2', UNMIRRORED],
    [
      'of a destination port copies what goes out there',
      'select_dst_port=@p2 output_port=@p5',
      FLOW,
      'push_vlan(vid=10,pcp=0),100,pop_vlan,2,push_vlan(vid=10,pcp=0),5,3,4',
    ],
    ['of a destination port copies nothing else', 'select_dst_port=@p2 output_port=@p5', 'in_port=2', UNMIRRORED],
    [
      'of a VLAN copies packets in it',
      'select_all=true select_vlan=10 output_port=@p5',
      FLOW,
      'push_vlan(vid=10,pcp=0),5,100,pop_vlan,2,push_vlan(vid=10,pcp=0),3,4',
    ],
    ['of a VLAN copies no others', 'select_all=true select_vlan=10 output_port=@p5', 'in_port=4', '100'],
    [
      'with a snaplen cuts its copies short',
      'select_src_port=@p1 output_port=@p5 snaplen=100',
      FLOW,
      'push_vlan(vid=10,pcp=0),trunc(100),5,100,pop_vlan,2,push_vlan(vid=10,pcp=0),3,4',
    ],
    [
      'into a VLAN sends copies to all ports that carry it',
      'select_src_port=@p1 output_vlan=20',
      FLOW,
      'push_vlan(vid=20,pcp=0),100,3,4,5,pop_vlan,push_vlan(vid=10,pcp=0),100,pop_vlan,2,push_vlan(vid=10,pcp=0),3,4,5',
    ],
    [
      'into a VLAN leaves out what bridges keep to themselves',
      'select_src_port=@p1 output_vlan=20',
      'in_port=1,dl_dst=01:80:c2:00:00:01',
      'drop',
    ],
  ])('%s', async (_, settings, flow, actions) => {
    const sw = await mirroring(settings);
    expect(sw.trace('br0', flow, 'Datapath actions')).toBe(actions);
  });

  it('counts what it copies, in the database', async () => {
    const sw = await mirroring('select_src_port=@p1 output_port=@p5');
    const frame = "'in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x1234)'";
    for (let i = 0; i < 3; i++) sw.appctl(`netdev-dummy/receive p1 ${frame}`);
    sw.sleep(2);
    expect(sw.sent.filter(({ port }) => port === 'p5')).toHaveLength(3);
    expect(sw.vsctl('get mirror m0 statistics')).toBe('{tx_bytes=42, tx_packets=3}\n');
  });

  it('sends no second copy to where another has sent one', async () => {
    const sw = await mirroring('select_src_port=@p1 output_port=@p5');
    sw.vsctl(
      '-- --id=@p5 get port p5 -- --id=@m create mirror name=m1 select_all=true output_port=@p5 ' +
        '-- add bridge br0 mirrors @m',
    );
    expect(sw.trace('br0', FLOW, 'Datapath actions')).toBe(
      'push_vlan(vid=10,pcp=0),5,100,pop_vlan,2,push_vlan(vid=10,pcp=0),3,4',
    );
  });

  it('ends when the bridge lets go of it', async () => {
    const sw = await mirroring('select_all=true output_port=@p5');
    sw.vsctl('clear bridge br0 mirrors');
    expect(sw.trace('br0', FLOW, 'Datapath actions')).toBe(
      'push_vlan(vid=10,pcp=0),100,pop_vlan,2,push_vlan(vid=10,pcp=0),3,4,5',
    );
  });
});
