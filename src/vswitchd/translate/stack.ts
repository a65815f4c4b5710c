/** push and pop: the stack of a pipeline. Mirrors nxm_execute_stack_push() and nxm_execute_stack_pop() of lib/nx-match.c. */
import { noteSubfield } from '#src/openflow/action/move.js';
import { maskValue } from '#src/openflow/field-value.js';
import { readSubfield, type Subfield, subfieldMask, writeSubfield } from '#src/openflow/subfield.js';
import type { Translation } from './translation.js';

export function pushSubfield(t: Translation, subfield: Subfield): void {
  maskValue(t.wc, subfield.field, subfieldMask(subfield));
  t.stack.push({ value: readSubfield(t.flow, subfield), bits: subfield.bits });
}

export function popSubfield(t: Translation, subfield: Subfield): void {
  const top = t.stack.pop();
  if (top === undefined) {
    t.report('error', 'stack underflow');
    return;
  }
  maskValue(t.wc, subfield.field, subfieldMask(subfield));
  writeSubfield(t.flow, subfield, top.value);
  noteSubfield(subfield, t);
}
