/**
 * learn: a packet adds a rule to the bridge, or keeps one alive. Mirrors xlate_learn_action() of
 * ofproto-dpif-xlate.c.
 */
import { noteSubfield } from '#src/openflow/action/move.js';
import { formatLearnedFlow } from '#src/openflow/learned-flow-text.js';
import { writeSubfield } from '#src/openflow/subfield.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import type { LearnRequest } from '#src/openflow/translate-context.js';
import { isLearned, learnRule } from '../learned-rules.js';
import type { Translation } from './translation.js';

export function translateLearn(t: Translation, request: LearnRequest): void {
  const { bridge } = t;
  const { allowSideEffects, trace } = t.input;
  if (trace && !allowSideEffects) {
    t.warn('suppressing side effects, so learn action ignored');
    return;
  }
  if (trace) t.note(formatLearnedFlow(request.mod));
  let mayLearn = true;
  try {
    if (allowSideEffects) mayLearn = learnRule(bridge, request);
    else if (request.limit > 0 && !isLearned(bridge, request)) t.mayBeCached = false;
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    t.report('error', `LEARN action execution failed (${error.message}).`);
    return;
  }
  const result = request.resultDestination;
  if (result !== null) {
    writeSubfield(t.flow, result, mayLearn ? 1n : 0n);
    noteSubfield(result, t);
  }
  if (mayLearn) t.credits.push({ kind: 'learned-rule', bridge, request });
  else t.note('Limit exceeded, learn failed');
}
