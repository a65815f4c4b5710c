/** Meters as packets and controllers see them; the answers are those of ovs-vswitchd 3.1.0. */
import { describe, expect, it } from 'vitest';
import { TestSwitch } from '../support/test-switch.js';

const OF13 = '-O OpenFlow13';
const PUNT =
  'userspace(pid=0,controller(reason=1,dont_send=1,continuation=0,recirc_id=1,rule_cookie=0,controller_id=0,max_len=65535))';
const FRAME = "'in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x1234)'";

async function metered(): Promise<TestSwitch> {
  const sw = TestSwitch.withPorts(3);
  sw.vsctl('set bridge br0 protocols=OpenFlow10,OpenFlow13');
  await sw.ofctl(`${OF13} add-meter br0 'meter=5 pktps burst stats bands=type=drop rate=1 burst_size=1'`);
  await sw.ofctl(`${OF13} add-meter br0 'meter=9 kbps bands=type=drop rate=100'`);
  await sw.ofctl(`${OF13} add-flow br0 in_port=1,actions=meter:5,output:2`);
  await sw.ofctl(`${OF13} add-flow br0 in_port=2,actions=meter:9,controller(meter_id=5),output:1`);
  await sw.ofctl(`${OF13} add-flow br0 in_port=3,actions=controller`);
  return sw;
}

describe('A meter', () => {
  it('is known to the datapath by a number of its own', async () => {
    const sw = await metered();
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toBe('meter(0),2');
    expect(sw.trace('br0', 'in_port=2', 'Datapath actions')).toBe(
      `meter(1),sample(sample=100.0%,actions(meter(0),${PUNT})),1`,
    );
  });

  it('of all controllers meters what goes to them', async () => {
    const sw = await metered();
    expect(sw.trace('br0', 'in_port=3', 'Datapath actions')).toBe(PUNT);
    await sw.ofctl(`${OF13} add-meter br0 'meter=controller pktps bands=type=drop rate=1'`);
    const punt = PUNT.replace('recirc_id=1', 'recirc_id=2');
    expect(sw.trace('br0', 'in_port=3', 'Datapath actions')).toBe(`sample(sample=100.0%,actions(meter(2),${punt}))`);
  });

  it('drops what is too much, and counts it', async () => {
    const sw = await metered();
    for (let i = 0; i < 3; i++) sw.appctl(`netdev-dummy/receive p1 ${FRAME}`);
    expect(sw.sent.filter(({ port }) => port === 'p2')).toHaveLength(1);
    const stats = await sw.ofctl(`${OF13} meter-stats br0 meter=5`);
    expect(stats).toContain('meter:5 flow_count:1 packet_in_count:3 byte_in_count:42 duration:0s bands:\n');
    expect(stats).toContain('0: packet_count:2 byte_count:28\n');
    sw.sleep(2);
    sw.appctl(`netdev-dummy/receive p1 ${FRAME}`);
    expect(sw.sent.filter(({ port }) => port === 'p2')).toHaveLength(2);
  });

  it.each([
    ["add-meter br0 'meter=7 kbps bands=type=dscp_remark rate=1 prec_level=1'", 'OFPMMFC_BAD_BAND'],
    ["add-meter br0 'meter=5 pktps bands=type=drop rate=1'", 'OFPMMFC_METER_EXISTS'],
    ["mod-meter br0 'meter=6 pktps bands=type=drop rate=1'", 'OFPMMFC_UNKNOWN_METER'],
    ['add-flow br0 actions=meter:8,output:1', 'OFPMMFC_INVALID_METER'],
  ])('%s is refused: %s', async (command, code) => {
    const sw = await metered();
    await expect(sw.ofctl(`${OF13} ${command}`)).rejects.toThrow(code);
  });

  it('that is not there has no statistics', async () => {
    const sw = await metered();
    expect(await sw.ofctl(`${OF13} meter-stats br0 meter=8`)).toContain('OFPMMFC_UNKNOWN_METER');
  });

  it('takes its flows along', async () => {
    const sw = await metered();
    await sw.ofctl(`${OF13} del-meter br0 meter=5`);
    const flows = await sw.ofctl(`${OF13} dump-flows br0 --no-stats`);
    expect(flows).not.toContain('in_port=1');
    expect(flows).toContain('in_port=2');
  });
});
