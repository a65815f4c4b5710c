/** enqueue:PORT:QUEUE: output through a queue of the port. Mirrors ENQUEUE of lib/ofp-actions.c; OpenFlow 1.0.0 §5.2.4. */
import { OFF_IN_PORT, OFF_SKB_PRIORITY } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { parseU32 } from '../number-text.js';
import { formatPort, parsePort } from '../port-text.js';
import { OFPP_IN_PORT, OFPP_LOCAL, OFPP_MAX } from '../ports.js';
import type { ActionKind } from './action-kind.js';
import { shownPorts } from './shown-ports.js';
import { openflow, refuse } from '../wire/action/action-form.js';

export interface EnqueueAction {
  readonly kind: 'enqueue';
  readonly port: number;
  readonly queue: number;
}

function checkPort({ port }: EnqueueAction): string | null {
  return port < OFPP_MAX || port === OFPP_IN_PORT || port === OFPP_LOCAL ? null : 'OFPBAC_BAD_OUT_PORT';
}

export const enqueueAction: ActionKind<EnqueueAction> = {
  kind: 'enqueue',
  names: ['enqueue'],

  parse(argument, _name, context) {
    // The port ends at a colon, a comma or a q.
    const found = /^[:q,]*([^:q,]+)[:q,]([\s\S]+)$/.exec(argument);
    if (found === null) {
      throw new UserError('"enqueue" syntax is "enqueue:PORT:QUEUE" or "enqueue(PORT,QUEUE)"');
    }
    const port = parsePort(found[1]!, context.ports);
    if (port === null) throw new UserError(`${found[1]}: enqueue to unknown port`);
    return { kind: 'enqueue', port, queue: parseU32(found[2]!) };
  },

  format(action, context) {
    return `enqueue:${formatPort(action.port, shownPorts(context))}:${action.queue}`;
  },

  validate: checkPort,

  refusal: checkPort,

  translate(action, context) {
    const { flow, wc } = context;
    wc.setU32(OFF_SKB_PRIORITY, 0xffffffff);
    // Never back to where the packet came from, unless the action says so.
    if (action.port === flow.u32(OFF_IN_PORT)) return;
    const priority = flow.u32(OFF_SKB_PRIORITY);
    context.setQueue(action.queue);
    context.output(action.port, 0);
    flow.setU32(OFF_SKB_PRIORITY, priority);
  },

  inVersion(action, version) {
    if (version === 10) return [action];
    return [
      { kind: 'set_queue', queue: action.queue },
      { kind: 'output', port: action.port, maxLen: 0xffff },
      { kind: 'pop_queue' },
    ];
  },

  wire: [
    {
      codes: [openflow(11, 10, 10)],
      size: 12,
      decode(body) {
        const port = body.u16();
        body.skip(6);
        const action: EnqueueAction = { kind: 'enqueue', port, queue: body.u32() };
        refuse(checkPort(action));
        return action;
      },
      encode(action, body) {
        body.u16(action.port);
        body.zeros(6);
        body.u32(action.queue);
      },
    },
  ],
};
