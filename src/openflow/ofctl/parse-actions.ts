/**
 * ovs-ofctl parse-actions VERSION and parse-instructions VERSION: reads bytes from standard input, a list on each line,
 * prints what they say, and which bytes are others when it is said again. Mirrors ofctl_parse_actions__().
 */
import { Match } from '#flowtable/match.js';
import { UserError } from '../../report/user-error.js';
import type { Action } from '../action/action.js';
import { checkActions, formatActions } from '../action/action-list.js';
import { parseHexBytes } from '../hex-bytes.js';
import { parseLeadingDecimal } from '../number-text.js';
import { NO_PORT_NAMES } from '../ports.js';
import { protocolsOfVersion } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import { decodeActions, decodeInstructions, encodeActions, encodeInstructions } from '../wire/action/index.js';
import { ByteReader } from '../wire/byte-reader.js';
import { ByteWriter } from '../wire/byte-writer.js';
import type { WireContext } from '../wire/message-kind.js';
import type { OfctlCommand } from './command.js';
import { formatDifferences, inputLines } from './hex-input.js';
import { parseVersion } from './options.js';

/** A table's number may stand before the bytes: instructions may lead to later tables only. */
const LINE = /^(?:([^,]*),)?([\s\S]*)$/;

const TABLE_COUNT = 255;

/** As a switch checks the instructions of a flow that matches everything. */
function requireConsistency(actions: readonly Action[], tableId: number, { version }: WireContext): void {
  const { error, protocols } = checkActions(actions, { match: new Match(), tableId, tableCount: TABLE_COUNT });
  if (error !== null) throw new OpenFlowError(error);
  if ((protocolsOfVersion(version) & ~protocols) !== 0) throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT');
}

interface Reading {
  readonly what: 'actions' | 'instructions';
  readonly versionName: string;
  readonly context: WireContext;
}

function describeLine(line: string, { what, versionName, context }: Reading): string {
  const [, table = '0', digits = ''] = LINE.exec(line)!;
  const bytes = parseHexBytes(digits);
  if (bytes === null) throw new UserError('Trailing garbage in hex data');
  try {
    const reader = new ByteReader(bytes);
    const actions = what === 'actions' ? decodeActions(reader, context) : decodeInstructions(reader, context);
    if (what === 'instructions') requireConsistency(actions, parseLeadingDecimal(table) & 0xff, context);
    const writer = new ByteWriter();
    if (what === 'actions') encodeActions(actions, writer, context);
    else encodeInstructions(actions, writer, context);
    const text = formatActions(actions, { ports: NO_PORT_NAMES });
    return `actions=${text}\n${formatDifferences(bytes, writer.take())}\n`;
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    return `bad ${versionName} ${what}: ${error.code}\n\n`;
  }
}

function parser(what: Reading['what']): OfctlCommand {
  return {
    name: `parse-${what}`,
    usage: '',
    minArgs: 1,
    maxArgs: 1,
    writes: true,
    run(invocation, [versionName = '']) {
      const version = parseVersion(versionName);
      if (version === null) throw new UserError(`${versionName}: not a valid OpenFlow version`);
      const reading: Reading = { what, versionName, context: { version, tlvTable: null } };
      for (const line of inputLines(invocation.environment.stdin)) invocation.print(describeLine(line, reading));
    },
  };
}

export const parseActions = parser('actions');
export const parseInstructions = parser('instructions');
