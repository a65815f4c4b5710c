/**
 * A bundle: messages that a switch carries out all together or not at all.
 *
 * Mirrors bundle_transact() and bundle_print_errors() of utilities/ovs-ofctl.c and vconn_bundle_transact() of
 * lib/vconn.c: the switch reads every message first and tells of each that it cannot take; only when it takes all is
 * the bundle committed, and then the first that fails ends it.
 */
import { UserError } from '../../report/user-error.js';
import { BUNDLE_ATOMIC, BUNDLE_CONTROL_TYPES, BUNDLE_ORDERED, formatBundleControl } from '../bundle-format.js';
import type { FlowMod } from '../flow-mod.js';
import { formatFlowMod } from '../flow-mod-format.js';
import { checkReceivedFlowMod, flowModInVersion } from '../flow-version.js';
import { formatGroupMod } from '../group-format.js';
import type { GroupMod } from '../group-mod.js';
import { checkReceivedGroupMod, groupModInVersion } from '../group-version.js';
import { formatPacketOut } from '../packet-out-format.js';
import { checkPacketOutActions, checkReceivedPacketOut, packetOutInVersion } from '../packet-out-version.js';
import type { Protocols } from '../protocol.js';
import { BundleError, type BundleMessage, offering, OpenFlowError, type PacketOut } from '../switch-connection.js';
import type { Invocation, Vconn } from './invocation.js';
import { REFUSED_VERBOSITY } from './packet-out.js';

/** How the messages of one kind travel, are checked as the switch reads them, and are printed when it refuses them. */
interface Carried {
  readonly name: string;
  readonly message: BundleMessage;
  /** Throws OpenFlowError where the switch cannot read it. */
  decode(): void;
  /** Throws OpenFlowError where the switch can read it, and sees that it would not do. */
  prepare(): void;
  text(): string;
}

/** What a file of messages can name. */
export type ToolMessage = Exclude<BundleMessage, { readonly kind: 'port-mod' }>;

function carry(message: ToolMessage, { connection, version }: Vconn, names: boolean): Carried {
  const options = { ports: connection.ports, names };
  switch (message.kind) {
    case 'flow-mod': {
      const mod: FlowMod = flowModInVersion(message.mod, version);
      return {
        name: 'OFPT_FLOW_MOD',
        message: { kind: 'flow-mod', mod },
        decode: () => checkReceivedFlowMod(mod, version, connection.features().tableCount),
        prepare: () => {},
        text: () => ` ${formatFlowMod(mod, version, options)}`,
      };
    }
    case 'group-mod': {
      const mod: GroupMod = groupModInVersion(message.mod, version);
      return {
        name: 'OFPT_GROUP_MOD',
        message: { kind: 'group-mod', mod },
        decode: () => checkReceivedGroupMod(mod, version),
        prepare: () => {},
        text: () => formatGroupMod(mod, version, options),
      };
    }
    case 'packet-out': {
      const packetOut: PacketOut = packetOutInVersion(message.message, version);
      return {
        name: 'OFPT_PACKET_OUT',
        message: { kind: 'packet-out', message: packetOut },
        decode: () => checkReceivedPacketOut(packetOut, version),
        prepare: () => checkPacketOutActions(packetOut, version),
        text: () => ` ${formatPacketOut(packetOut, options, REFUSED_VERBOSITY).trimEnd()}`,
      };
    }
  }
}

/** The code that the body throws, or null. */
function refusalOf(body: () => void): string | null {
  try {
    body();
    return null;
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    return error.code;
  }
}

/** These a switch sees as it reads a message, before it is asked to commit. */
const SEEN_EARLY: ReadonlySet<string> = new Set(['OFPBRC_EPERM']);

/** Sends the messages as one bundle; prints what the switch refuses, and fails then. */
export function sendBundle(
  invocation: Invocation,
  name: string,
  messages: readonly ToolMessage[],
  usable: Protocols,
): void {
  const vconn = invocation.openForFlowMod(name, usable);
  const { connection, version } = vconn;
  const carried = messages.map((message) => ({
    ...carry(message, vconn, invocation.showsNames),
    xid: invocation.nextXid(),
  }));
  // Opening the bundle, and the barrier after its messages.
  invocation.nextXid();
  invocation.nextXid();
  const tell = (code: string, message: string): void => {
    invocation.stderr += `Error ${code} for: ${message}\n`;
  };
  const fail = (): never => {
    throw new UserError(`talking to ${invocation.socketOf(name)} (Protocol error)`);
  };
  let isRefused = false;
  for (const one of carried) {
    const head = invocation.header(one.name, version, one.xid);
    const unread = refusalOf(one.decode);
    const code = unread ?? refusalOf(one.prepare);
    if (code === null) continue;
    isRefused = true;
    tell(code, unread === null ? head + one.text() : `${head} ***decode error: ${code}***`);
  }
  if (isRefused) fail();
  const commitXid = invocation.nextXid();
  try {
    offering(connection, 'bundle').bundle(carried.map(({ message }) => message));
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    const failed = carried[error.index]!;
    tell(error.code, invocation.header(failed.name, version, failed.xid) + failed.text());
    if (!SEEN_EARLY.has(error.code)) {
      const control = invocation.header(`${version === 13 ? 'ONFT' : 'OFPT'}_BUNDLE_CONTROL`, version, commitXid);
      const type = BUNDLE_CONTROL_TYPES.indexOf('COMMIT_REQUEST');
      const flags = BUNDLE_ATOMIC | BUNDLE_ORDERED;
      tell('OFPBFC_MSG_FAILED', control + formatBundleControl({ bundleId: 0, type, flags }));
    }
    fail();
  }
}
