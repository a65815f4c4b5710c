/** Queues and the DSCP that they mark with; the datapath actions are those of ovs-vswitchd 3.1.0. */
import { describe, expect, it } from 'vitest';
import { TestSwitch } from '../support/test-switch.js';

const QOS =
  'set Port p1 qos=@qos -- --id=@qos create QoS type=linux-htb queues=1=@q1,2=@q2,3=@q3 ' +
  '-- --id=@q1 create Queue dscp=1 -- --id=@q2 create Queue dscp=2 -- --id=@q3 create Queue other_config:a=b';
const FLOW = 'in_port=9,icmp,nw_tos=252';

describe('a queue', () => {
  it.each([
    ['is its number in a datapath in userspace', '', 'set_queue:1,2', 'set(skb_priority(0x1)),2'],
    ['is forgotten by pop_queue', '', 'set_queue:1,2,pop_queue,1', 'set(skb_priority(0x1)),2,set(skb_priority(0)),1'],
    ['of enqueue is for one output', '', 'enqueue:2:5,1', 'set(skb_priority(0x5)),2,set(skb_priority(0)),1'],
    [
      'marks packets that leave by the port of its QoS',
      QOS,
      'set_queue:1,1,set_queue:2,1',
      'set(ipv4(tos=0x4/0xfc)),set(skb_priority(0x1)),1,set(ipv4(tos=0x8/0xfc)),set(skb_priority(0x2)),1',
    ],
    [
      'marks none that leave by others',
      QOS,
      'set_queue:1,1,2',
      'set(ipv4(tos=0x4/0xfc)),set(skb_priority(0x1)),1,set(ipv4(tos=0xfc/0xfc)),2',
    ],
    ['without a DSCP marks nothing', QOS, 'set_queue:3,1', 'set(skb_priority(0x3)),1'],
    [
      'of a QoS without a type marks nothing',
      QOS.replace('linux-htb', '""'),
      'set_queue:1,1',
      'set(skb_priority(0x1)),1',
    ],
  ])('%s', async (_name, settings, actions, expected) => {
    const sw = TestSwitch.withPorts(2);
    sw.addPort('br0', 'p9', 9);
    if (settings !== '') sw.vsctl(settings);
    await sw.ofctl(`add-flow br0 actions=${actions}`);
    expect(sw.trace('br0', FLOW, 'Datapath actions')).toBe(expected);
  });

  it('is matched where a port has marks', async () => {
    const sw = TestSwitch.withPorts(2);
    sw.vsctl(QOS);
    await sw.ofctl('add-flow br0 actions=1');
    expect(sw.trace('br0', 'in_port=2,icmp', 'Megaflow')).toBe(
      'recirc_id=0,skb_priority=0,eth,ip,in_port=2,nw_frag=no',
    );
  });
});
