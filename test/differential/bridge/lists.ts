/**
 * Lists of real OVS and of Upcall in a form that two switches must agree on: without what the wall clock and the order
 * of hash tables say.
 */
import { parseOdpFlow } from '#src/vswitchd/odp/odp-parse.js';
import { effectsOf } from './effects.js';

const ACTIONS = ', actions:';

/** The lines without what is ignored, sorted. */
export function linesOfList(text: string, ignore?: RegExp): readonly string[] {
  return text
    .split('\n')
    .map((line) => withoutClock(ignore === undefined ? line : line.replace(ignore, '')))
    .map((line) => (line.includes(ACTIONS) ? datapathFlow(line) : line))
    .filter((line) => line !== '')
    .sort();
}

/** Numbers of messages and of recirculation are given out in the order of use. */
const withoutClock = (line: string): string =>
  line
    .replace(/ \(xid=0x[0-9a-f]+\)/, '')
    .replace(/\bduration=[\d.]+s/, 'duration=N')
    .replace(/, (idle|hard)_age=\d+/g, '')
    .replace(/recirc_id\((0x)?0*[1-9a-f][0-9a-f]*\)/g, 'recirc_id(0x1)')
    .replace(/recirc\(0x[0-9a-f]+\)/g, 'recirc(0x1)')
    .replace(/\brecirc_id=\d+(?=,rule_cookie)/g, 'recirc_id=0')
    .trimEnd();

/** A megaflow's actions as what they do to a packet: floods have no order. */
function datapathFlow(line: string): string {
  const at = line.indexOf(ACTIONS);
  const actions = line.slice(at + ACTIONS.length);
  const key = line.slice(0, line.indexOf(', packets:'));
  try {
    return `${line.slice(0, at)}${ACTIONS}${effectsOf(actions, parseOdpFlow(key, { wantMask: false, vlanLimit: 2 }).key).join(' | ')}`;
  } catch {
    return line;
  }
}
