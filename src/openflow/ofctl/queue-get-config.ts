/**
 * queue-get-config SWITCH [PORT [QUEUE]]: the queues that ports have. Mirrors ofctl_queue_get_config() and
 * ofputil_queue_get_config_reply_format(); OpenFlow 1.4 and later ask for descriptions of queues instead.
 */
import { formatHexDump } from '../packet-text.js';
import { parseLeadingDecimal } from '../number-text.js';
import { formatPort } from '../port-text.js';
import { sortPorts } from '../port-format.js';
import { OFPP_LOCAL, OFPP_MAX, OFPP_NONE, type PortNames } from '../ports.js';
import type { OpenFlowVersion } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { Invocation, Vconn } from './invocation.js';
import { parsePortArgument } from './port-argument.js';

/** Every port has one queue, as long as no QoS makes more of them. */
const QUEUES: readonly number[] = [0];

export const queueGetConfig: OfctlCommand = {
  name: 'queue-get-config',
  usage: 'switch [port [queue]]',
  minArgs: 1,
  maxArgs: 3,
  writes: false,
  run(invocation, [name = '', portText = 'any', queueText = 'all']) {
    const port = parsePortArgument(invocation, name, portText);
    const queue = queueText.toLowerCase() === 'all' ? null : parseLeadingDecimal(queueText) >>> 0;
    const vconn = invocation.open(name);
    const names = invocation.portsToShow(name);
    if (vconn.version > 10 || port !== OFPP_NONE) {
      ask(invocation, vconn, port, queue, names);
      return;
    }
    // OpenFlow 1.0 asks port by port: a second connection, and the list of ports over the first.
    invocation.nextXid();
    invocation.nextXid();
    for (const one of sortPorts(vconn.connection.portDescriptions())) {
      if (one.port < OFPP_MAX) ask(invocation, vconn, one.port, queue, names);
    }
  },
};

function ask(invocation: Invocation, vconn: Vconn, port: number, queue: number | null, names: PortNames): void {
  const { connection, version } = vconn;
  const xid = invocation.nextXid();
  const isOld = version < 14;
  const requestName = isOld ? 'OFPT_QUEUE_GET_CONFIG_REQUEST' : 'OFPST_QUEUE_DESC request';
  const queueSuffix = isOld || queue === null ? '' : ` queue=${queue}`;
  const portName = formatPort(port, names);
  const cannotName = isOld && port === OFPP_LOCAL;
  const request =
    `${invocation.header(requestName, version, xid)} ` +
    (cannotName
      ? `***decode error: OFPQOFC_BAD_PORT***\n${formatHexDump(requestBytes(version, xid, port), true)}`
      : `port=${portName}${queueSuffix}`);
  invocation.answer(version, xid, request, () => {
    if (cannotName) throw new OpenFlowError('OFPQOFC_BAD_PORT');
    const ports = sortPorts(connection.portDescriptions()).filter((one) => port === OFPP_NONE || one.port === port);
    if (ports.length === 0) throw new OpenFlowError('OFPQOFC_BAD_PORT');
    const queues = QUEUES.filter((id) => isOld || queue === null || id === queue);
    if (queues.length === 0) throw new OpenFlowError('OFPQOFC_BAD_QUEUE');
    const lines = queues.map((id) => `queue ${id}:\n`).join('');
    const replyName = isOld ? 'OFPT_QUEUE_GET_CONFIG_REPLY' : 'OFPST_QUEUE_DESC reply';
    const body = isOld
      ? `port=${portName}\n${lines.repeat(ports.length)}`
      : ports.map((one) => `port=${formatPort(one.port, names)}\n${lines}`).join('');
    return `${invocation.header(replyName, version, xid)} ${body}`;
  });
}

/** The request on the wire, for the error that shows it (OpenFlow 1.0.0 §5.3.4; 1.3.5 §7.3.6). */
function requestBytes(version: OpenFlowVersion, xid: number, port: number): Uint8Array {
  const isOpenFlow10 = version === 10;
  const bytes = new Uint8Array(isOpenFlow10 ? 12 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version - 9);
  view.setUint8(1, isOpenFlow10 ? 20 : 22);
  view.setUint16(2, bytes.length);
  view.setUint32(4, xid);
  if (isOpenFlow10) view.setUint16(8, port);
  // Reserved ports are at the end of the larger numbers.
  else view.setUint32(8, (0xffff0000 | port) >>> 0);
  return bytes;
}
