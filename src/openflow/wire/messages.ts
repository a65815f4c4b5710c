/** All messages: those about the switch, and those about what goes through it. */
import { FLOW_MESSAGES } from './flow/index.js';
import type { AnyMessageKind } from './message-kind.js';
import { SWITCH_MESSAGES } from './switch/index.js';

export const MESSAGES: readonly AnyMessageKind[] = [...SWITCH_MESSAGES, ...FLOW_MESSAGES];
