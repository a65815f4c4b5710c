/** Headers that go on and come off in front of the whole packet: each action with the frame that leaves, and what dies. */
import { describe, expect, test } from 'vitest';
import { FlowKey, OFF_IN_PORT } from '#flowtable/flow-key.js';
import { parseOdpActions } from '#src/vswitchd/odp/odp-actions-parse.js';
import { makeBench } from '../../support/datapath-bench.js';

const MACS = '020000000002020000000001';
const IP = '4500001c000000004001f9c10a0000020a00000108000000';
const FRAME = `${MACS}0800${IP}0000f7ff`;
const NSH = '0fc60103001234ff11223344000000000000000000000000';

const PUSH_ETH = 'push_eth(src=02:00:00:00:00:03,dst=02:00:00:00:00:04)';
const PUSH_NSH = 'push_nsh(spi=0x1234,c1=0x11223344)';
const OUTER = '020000000004020000000003';

function run(frame: string, actions: string): { readonly sent: readonly string[]; readonly drops: readonly string[] } {
  const { datapath, sent } = makeBench();
  const key = new FlowKey();
  key.setU32(OFF_IN_PORT, 1);
  datapath.execute(Uint8Array.from(Buffer.from(frame, 'hex')), key, parseOdpActions(actions));
  const drops = datapath.portDump().flatMap((port) => [...port.drops.keys()]);
  return { sent: sent.map(({ frame: left }) => left), drops };
}

describe('the frame that leaves', () => {
  test.each([
    ['a new Ethernet header', FRAME, `pop_eth,${PUSH_ETH},2`, `${OUTER}0800${IP}0000f7ff`],
    [
      'a tag that goes with the header',
      `${MACS}81000005${FRAME.slice(24)}`,
      `pop_eth,${PUSH_ETH},2`,
      `${OUTER}${FRAME.slice(24)}`,
    ],
    ['NSH around a frame', FRAME, `${PUSH_NSH},${PUSH_ETH},2`, `${OUTER}894f${NSH}${FRAME}`],
    [
      'NSH around IPv4 names it',
      FRAME,
      `pop_eth,push_nsh(mdtype=2),${PUSH_ETH},2`,
      `${OUTER}894f0fc20201000000ff${IP}0000f7ff`,
    ],
    [
      'a context of TLVs',
      FRAME,
      `push_nsh(mdtype=2,md2=0x0102),${PUSH_ETH},2`,
      `${OUTER}894f0fc30203000000ff01020000${FRAME}`,
    ],
    ['NSH that comes off again', FRAME, `${PUSH_NSH},pop_nsh(),2`, FRAME],
    [
      'a label around a frame',
      FRAME,
      `add_mpls(label=5,tc=0,ttl=64,bos=1,eth_type=0x8847),${PUSH_ETH},2`,
      `${OUTER}884700005140${FRAME}`,
    ],
    [
      'a label that comes off again',
      FRAME,
      'add_mpls(label=5,tc=0,ttl=64,bos=1,eth_type=0x8847),pop_mpls(eth_type=0x6558),2',
      FRAME,
    ],
    [
      'a part of NSH that is set',
      `${MACS}894f${NSH}`,
      'set(nsh(ttl=5,si=254,c1=0xff/0x000000ff)),2',
      `${MACS}894f01460103001234fe112233ff${NSH.slice(24)}`,
    ],
  ])('%s', (_, frame, actions, expected) => {
    expect(run(frame, actions)).toEqual({ sent: [expected], drops: [] });
  });
});

describe('what dies', () => {
  test.each([
    ['a packet without an Ethernet header at a port for frames', 'pop_eth,2', 'not-ethernet'],
    ['a second Ethernet header', `${PUSH_ETH},2`, 'malformed-action'],
    ['an Ethernet header taken off twice', 'pop_eth,pop_eth,2', 'malformed-action'],
    [
      'NSH in front of a label, which it cannot name',
      `add_mpls(label=5,tc=0,ttl=64,bos=1,eth_type=0x8847),${PUSH_NSH},2`,
      'malformed-action',
    ],
  ])('%s', (_, actions, reason) => {
    expect(run(FRAME, actions)).toEqual({ sent: [], drops: [reason] });
  });
});
