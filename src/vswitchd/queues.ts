/**
 * Queues: the priorities by which datapaths know them, and the DSCP that a Queue of a port's QoS marks packets with.
 * Mirrors dpif_queue_to_priority() of lib/dpif.c, iface_configure_qos() of vswitchd/bridge.c and set_queues() of
 * ofproto-dpif.c.
 */
import type { Row } from '#src/ovsdb/database.js';
import type { Backer } from './backer.js';
import type { Bridge } from './bridge.js';

/** The Linux kernel has fewer: queue numbers are classes of a qdisc. */
const LINUX_QUEUES = 0xf000;

/** The skb_priority of packets for a queue, or null where the datapath has no such queue. */
export function queuePriority(backer: Backer, queue: number): number | null {
  // In userspace the priority is the queue. Linux has a class of the qdisc 1:, and none is numbered 0.
  if (!backer.name.startsWith('system@')) return queue;
  return queue < LINUX_QUEUES ? (0x10000 | (queue + 1)) >>> 0 : null;
}

/** Gives each port of the bridge the marks of its QoS: DSCP in the upper six bits, by priority. */
export function configureQueues(bridge: Bridge, row: Row): void {
  const wanted = new Map<string, Marks>();
  for (const port of row.refs('ports')) {
    const marks = marksOf(bridge.backer, port.refs('qos')[0]);
    if (marks.size > 0) for (const iface of port.refs('interfaces')) wanted.set(iface.string('name') ?? '', marks);
  }
  let changed = false;
  for (const port of bridge.ports.values()) {
    const marks = wanted.get(port.name) ?? NO_MARKS;
    if (isSame(port.dscpByPriority, marks)) continue;
    port.dscpByPriority = marks;
    changed = true;
  }
  if (changed) bridge.backer.noteChange();
}

type Marks = ReadonlyMap<number, number>;
const NO_MARKS: Marks = new Map();

function marksOf(backer: Backer, qos: Row | undefined): Marks {
  const marks = new Map<number, number>();
  if (qos === undefined || (qos.string('type') ?? '') === '') return marks;
  const numbers = qos.get('queues').keys();
  for (const queue of qos.refs('queues')) {
    const dscp = queue.integer('dscp');
    const priority = queuePriority(backer, Number(numbers.next().value));
    if (dscp !== undefined && priority !== null) marks.set(priority, dscp << 2);
  }
  return marks;
}

const isSame = (a: Marks, b: Marks): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
