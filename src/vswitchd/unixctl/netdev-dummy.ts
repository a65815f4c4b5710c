/**
 * netdev-dummy/receive and netdev-dummy/set-admin-state: frames into dummy devices, as hexadecimal bytes or as datapath
 * flow text. Mirrors lib/netdev-dummy.c.
 */
import { MAX_FRAME_SIZE } from '#datapath/packet-buffer.js';
import { parseLeadingDecimal } from '#src/openflow/number-text.js';
import { UserError } from '#src/report/user-error.js';
import { composeFrame } from '../odp/compose-frame.js';
import { parseOdpFlow } from '../odp/odp-parse.js';
import { type UnixctlCommand, reply, replyError } from './command.js';
import { parseHexFrame } from './hex-frame.js';
import { type DummyDevice, vlanLimit } from './unixctl-context.js';

/** An Ethernet header and the least payload of IEEE 802.3, without the checksum. */
const ETH_TOTAL_MIN = 60;

const receive: UnixctlCommand = {
  name: 'netdev-dummy/receive',
  usage: 'name [--qid queue_id] packet|flow [--len packet_len]',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  run([name, ...rest], context) {
    const device = context.dummyDevice(name!);
    if (device === null) return replyError('no such dummy netdev');
    let at = 0;
    if (rest.length > 1 && rest[0] === '--qid') {
      // A dummy device of ours has one queue.
      if (parseLeadingDecimal(rest[1]!) !== 0) return replyError('bad rx queue id.');
      at = 2;
    }
    for (; at < rest.length; at++) {
      const text = rest[at]!;
      const hex = parseHexFrame(text);
      if (hex.ok) {
        device.receive(hex.frame);
        continue;
      }
      let size: number | undefined;
      if (rest[at + 1] === '--len' && rest[at + 2] !== undefined) {
        size = parseLeadingDecimal(rest[at + 2]!);
        if (size < ETH_TOTAL_MIN) return replyError('too small packet len');
        // OVS has no bound but its memory.
        if (size > MAX_FRAME_SIZE) return replyError(`a frame has at most ${MAX_FRAME_SIZE} bytes`);
        at += 2;
      }
      let frame: Uint8Array | null;
      try {
        const { key } = parseOdpFlow(text, { masks: false, vlanLimit: vlanLimit(context) });
        frame = composeFrame(key, size === undefined ? {} : { size });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return replyError(error.message);
      }
      // OVS has no words for a frame that is longer than asked.
      if (frame === null) return replyError('');
      device.receive(frame);
    }
    return reply();
  },
};

const setAdminState: UnixctlCommand = {
  name: 'netdev-dummy/set-admin-state',
  usage: '[netdev] up|down',
  minArgs: 1,
  maxArgs: 2,
  run(args, context) {
    const state = args.at(-1)!.toLowerCase();
    if (state !== 'up' && state !== 'down') return replyError('Invalid Admin State');
    const up = state === 'up';
    if (args.length === 2) {
      const device = context.dummyDevice(args[0]!);
      if (device === null) return replyError('Unknown Dummy Interface');
      device.setUp(up);
    } else {
      for (const device of context.dummyDevices()) device.setUp(up);
    }
    return reply('OK');
  },
};

/** Whether the wire that a device is at one end of has another end. */
const connState: UnixctlCommand = {
  name: 'netdev-dummy/conn-state',
  usage: '[netdev]',
  minArgs: 0,
  maxArgs: 1,
  run([name], context) {
    const line = (device: string, state: DummyDevice['wireState']): string => `${device}: ${state ?? 'unknown'}\n`;
    if (name !== undefined) return reply(line(name, context.dummyDevice(name)?.wireState ?? null));
    const wired = context.dummyDevices().filter(({ wireState }) => wireState !== null);
    return reply(wired.map((device) => line(device.name, device.wireState)).join(''));
  },
};

export const NETDEV_DUMMY_COMMANDS: readonly UnixctlCommand[] = [receive, setAdminState, connState];
