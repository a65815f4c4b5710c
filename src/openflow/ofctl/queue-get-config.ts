/**
 * queue-get-config SWITCH [PORT [QUEUE]]: the queues that ports have. Mirrors ofctl_queue_get_config(); OpenFlow 1.4 and later ask for descriptions of queues instead.
 */
import { formatHexDump } from '../hex-bytes.js';
import { parseLeadingDecimal } from '../number-text.js';
import { formatPort } from '../port-text.js';
import { sortPorts } from '../port-format.js';
import { OFPP_LOCAL, OFPP_MAX, OFPP_NONE, type PortNames } from '../ports.js';
import { formatQueueDescriptions, QUEUE_ALL } from '../queue-format.js';
import { OpenFlowError } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { Invocation, Vconn } from './invocation.js';
import { encodeMessage } from '../wire/message.js';
import { queueGetConfigRequest } from '../wire/switch/queue-config.js';
import { parsePortArgument } from './port-argument.js';

/** Every port has one queue, as long as no QoS makes more of them. */
const QUEUES: readonly number[] = [0];
const NO_RATES = { minRate: null, maxRate: null };

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
  const message = { kind: 'queue-get-config-request', port, queueId: queue ?? QUEUE_ALL } as const;
  const requestName = isOld ? 'OFPT_QUEUE_GET_CONFIG_REQUEST' : 'OFPST_QUEUE_DESC request';
  const queueSuffix = isOld || queue === null ? '' : ` queue=${queue}`;
  const portName = formatPort(port, names);
  const cannotName = isOld && port === OFPP_LOCAL;
  const request =
    `${invocation.header(requestName, version, xid)} ` +
    (cannotName
      ? `***decode error: OFPQOFC_BAD_PORT***\n${formatHexDump(encodeMessage(queueGetConfigRequest, version, xid, message))}`
      : `port=${portName}${queueSuffix}`);
  invocation.answer(version, xid, request, () => {
    if (cannotName) throw new OpenFlowError('OFPQOFC_BAD_PORT');
    const ports = sortPorts(connection.portDescriptions()).filter((one) => port === OFPP_NONE || one.port === port);
    if (ports.length === 0) throw new OpenFlowError('OFPQOFC_BAD_PORT');
    const queues = QUEUES.filter((id) => isOld || queue === null || id === queue);
    if (queues.length === 0) throw new OpenFlowError('OFPQOFC_BAD_QUEUE');
    const shown = ports.flatMap((one) =>
      queues.map((queueId) => ({ port: isOld ? port : one.port, queueId, ...NO_RATES })),
    );
    const replyName = isOld ? 'OFPT_QUEUE_GET_CONFIG_REPLY' : 'OFPST_QUEUE_DESC reply';
    return `${invocation.header(replyName, version, xid)}${formatQueueDescriptions(shown, names)}`;
  });
}
