/** output:PORT, and the reserved ports by name. Mirrors OUTPUT of lib/ofp-actions.c; OpenFlow 1.5.1 §7.2.6.1. */
import { UserError } from '../../report/user-error.js';
import { splitKeyValues } from '../key-value.js';
import { parseU32 } from '../number-text.js';
import { formatPort, parsePort, portFromOpenFlow11, portToOpenFlow11 } from '../port-text.js';
import {
  OFPP_ALL,
  OFPP_CONTROLLER,
  OFPP_FLOOD,
  OFPP_IN_PORT,
  OFPP_LOCAL,
  OFPP_MAX,
  OFPP_NORMAL,
  OFPP_TABLE,
} from '../ports.js';
import { parseSubfield } from '../subfield.js';
import type { Action } from './action.js';
import type { ActionKind, ActionParseContext } from './action-kind.js';
import { shownPorts } from './shown-ports.js';
import { openflow, refuse } from '../wire/action/action-form.js';
import { OpenFlowError } from '../switch-connection.js';
import type { ByteReader } from '../wire/byte-reader.js';

export interface OutputAction {
  readonly kind: 'output';
  readonly port: number;
  /** Bytes of the packet that the controller gets. */
  readonly maxLen: number;
}

/** Room for the Ethernet header at least. */
export const MIN_TRUNCATED_LENGTH = 14;

const OUTPUT_PORTS: readonly number[] = [
  OFPP_IN_PORT,
  OFPP_TABLE,
  OFPP_NORMAL,
  OFPP_FLOOD,
  OFPP_ALL,
  OFPP_CONTROLLER,
  OFPP_LOCAL,
];

/** An error code, or null when packets may be sent to the port. */
export function checkOutputPort(port: number): string | null {
  return port < OFPP_MAX || OUTPUT_PORTS.includes(port) ? null : 'OFPBAC_BAD_OUT_PORT';
}

export const outputAction: ActionKind<OutputAction> = {
  kind: 'output',
  names: ['output', 'output_reg'],

  parse(argument, _name, context): Action {
    if (argument.includes('port') && argument.includes('max_len')) return parseTruncated(argument, context);
    const port = parsePort(argument, context.ports);
    if (port !== null) return { kind: 'output', port, maxLen: port === OFPP_CONTROLLER ? 0xffff : 0 };
    try {
      return { kind: 'output_reg', source: parseSubfield(argument), maxLen: 0xffff };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`${argument}: output to unknown port`);
    }
  },

  format(action, context) {
    const port = formatPort(action.port, shownPorts(context));
    if (action.port === OFPP_CONTROLLER) return `${port}:${action.maxLen}`;
    return action.port < OFPP_MAX ? `output:${port}` : port;
  },

  validate(action) {
    return checkOutputPort(action.port);
  },

  translate(action, context) {
    context.output(action.port, action.maxLen);
  },

  refusal(action) {
    return checkOutputPort(action.port);
  },

  wire: [
    {
      codes: [openflow(0, 10, 10)],
      size: 4,
      decode: (body) => decodeOutput(body.u16(), body),
      encode(action, body) {
        body.u16(action.port);
        body.u16(action.maxLen);
      },
    },
    {
      codes: [openflow(0, 11)],
      size: 12,
      decode: (body) => decodeOutput(decodePort(body.u32()), body),
      encode(action, body) {
        body.u32(portToOpenFlow11(action.port));
        body.u16(action.maxLen);
      },
    },
  ],
};

/** OpenFlow 1.0's number of a port of 32 bits. */
function decodePort(port: number): number {
  const found = portFromOpenFlow11(port);
  if (found === null) throw new OpenFlowError('OFPBAC_BAD_OUT_PORT');
  return found;
}

function decodeOutput(port: number, body: ByteReader): OutputAction {
  refuse(checkOutputPort(port));
  return { kind: 'output', port, maxLen: body.u16() };
}

/** `port=N,max_len=M`. */
function parseTruncated(argument: string, context: ActionParseContext): Action {
  let port = 0;
  let maxLen = 0;
  for (const { key, value } of splitKeyValues(argument)) {
    if (key === 'port') {
      const parsed = parsePort(value, context.ports);
      if (parsed === null) throw new UserError(`output to unknown truncate port: ${value}`);
      if (parsed > OFPP_MAX && parsed !== OFPP_LOCAL && parsed !== OFPP_IN_PORT) {
        throw new UserError(`output to unsupported truncate port: ${value}`);
      }
      port = parsed;
    } else if (key === 'max_len') {
      maxLen = parseU32(value);
      if (maxLen < MIN_TRUNCATED_LENGTH) {
        throw new UserError(`max_len ${maxLen} is less than the minimum value ${MIN_TRUNCATED_LENGTH}`);
      }
    } else {
      throw new UserError(`invalid key '${key}' in output_trunc argument`);
    }
  }
  return { kind: 'output_trunc', port, maxLen };
}
