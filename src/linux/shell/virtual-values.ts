/**
 * $RANDOM, $SECONDS and $! of a simulated machine: just-bash takes them from the real world, so scripts are rewritten to
 * ask a hidden command, which answers from the machine's random source and the virtual clock.
 *
 * Invariant: two runs with one seed see the same values.
 */
import { failed, printed, type ShellCommand } from '../command/command.js';
import { literalWord, scriptOf, type Visitor } from './rewrite.js';

export const VALUE_COMMAND = 'upcall-value';
const NAMES: ReadonlySet<unknown> = new Set(['RANDOM', 'SECONDS', 'EPOCHSECONDS', '!']);

/** Answers with the value of one of the variables. */
export const valueCommand: ShellCommand = {
  name: VALUE_COMMAND,
  run([name], { machine }) {
    switch (name) {
      case 'RANDOM':
        return printed(`${machine.rng.next32() & 0x7fff}\n`);
      case 'SECONDS':
      case 'EPOCHSECONDS':
        return printed(`${Math.floor(machine.scheduler.nowNs() / 1e9)}\n`);
      case '!':
        return printed(`${machine.processes.lastPid ?? ''}\n`);
      default:
        return failed(`${VALUE_COMMAND}: no such value\n`);
    }
  },
};

export const virtualValues: Visitor = (node) => {
  if (node.type === 'ParameterExpansion' && NAMES.has(node.parameter) && node.operation === null) {
    const body = scriptOf(VALUE_COMMAND, [literalWord(String(node.parameter))]);
    return { type: 'CommandSubstitution', body, legacy: false };
  }
  if (node.type === 'ArithVariable' && NAMES.has(node.name)) {
    return { type: 'ArithCommandSubst', command: `${VALUE_COMMAND} ${String(node.name)}` };
  }
  // Arithmetic is parsed again from its text where it expands variables first.
  if (node.type === 'ArithmeticExpression' && typeof node.originalText === 'string') {
    const originalText = node.originalText.replace(
      /\$?\b(RANDOM|SECONDS|EPOCHSECONDS)\b|\$\{(RANDOM|SECONDS|EPOCHSECONDS)\}/g,
      (_, plain: string | undefined, braced: string | undefined) => `$(${VALUE_COMMAND} ${plain ?? braced})`,
    );
    return { ...node, originalText };
  }
  return undefined;
};
