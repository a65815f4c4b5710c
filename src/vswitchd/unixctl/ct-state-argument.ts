/** The connection state that --ct-next gives (`trk,est`). Mirrors parse_ct_state() and validate_ct_state() of lib/flow.c. */
import { UserError } from '#src/report/user-error.js';
import { CT_STATE_NAMES, formatFlags } from '../odp/odp-flags.js';

const CS_NEW = 0x01;
const CS_ESTABLISHED = 0x02;
const CS_REPLY = 0x08;
const CS_INVALID = 0x10;
const CS_TRACKED = 0x20;

/** Throws UserError in OVS's words. */
export function parseCtState(text: string): number {
  let state = 0;
  for (const name of text.split(/[ ,]+/).filter((part) => part !== '')) {
    const bit = CT_STATE_NAMES.indexOf(name);
    if (bit < 0) throw new UserError(`${name}: unknown connection tracking state flag`);
    state |= 1 << bit;
  }
  const problems: string[] = [];
  if (state !== 0 && (state & CS_TRACKED) === 0) problems.push('If "trk" is unset, no other flags are set');
  if ((state & CS_INVALID) !== 0 && (state & ~(CS_TRACKED | CS_INVALID)) !== 0) {
    problems.push('when "inv" is set, only "trk" may also be set');
  }
  if ((state & CS_NEW) !== 0 && (state & CS_ESTABLISHED) !== 0) {
    problems.push('"new" and "est" are mutually exclusive');
  }
  if ((state & CS_NEW) !== 0 && (state & CS_REPLY) !== 0) problems.push('"new" and "rpy" are mutually exclusive');
  if (problems.length > 0) {
    const flags = formatFlags(CT_STATE_NAMES, state, '|');
    throw new UserError(problems.map((problem) => `${flags}: invalid connection state: ${problem}\n`).join(''));
  }
  return state;
}
