/** What a packet-out tells of its packet besides the bytes; as ovs-vswitchd 3.1.0 takes it. */
import { describe, expect, it } from 'vitest';
import { eth, toHex } from '../support/packet-builder.js';
import { TestSwitch } from '../support/test-switch.js';

const PACKET = toHex(eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).bytes());

describe('the metadata of a packet-out', () => {
  it.each([
    ['of OpenFlow 1.5 is matched', 15, 'reg0=5,tun_id=7,metadata=9', 1],
    ['that differs is not', 15, 'reg0=5,tun_id=8,metadata=9', 0],
    ['with a mask is what its bits say', 15, 'reg0=0x15/0xf,tun_id=7,metadata=9', 1],
    ['of earlier versions is left out', 13, 'reg0=5,tun_id=7,metadata=9', 0],
  ])('%s', async (_name, version, metadata, count) => {
    const sw = TestSwitch.withPorts(2);
    sw.vsctl('set bridge br0 protocols=OpenFlow10,OpenFlow13,OpenFlow15');
    await sw.ofctl('add-flow br0 reg0=5,tun_id=7,metadata=9,actions=output:1');
    await sw.ofctl(
      `-O OpenFlow${version} packet-out br0 'in_port=2,${metadata} packet=${PACKET} actions=resubmit(,0)'`,
    );
    expect(sw.sent.filter(({ port }) => port === 'p1').map(({ hex }) => hex)).toEqual(
      Array.from({ length: count }, () => PACKET),
    );
  });
});
