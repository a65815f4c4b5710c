/** The messages about the switch itself: greetings, settings, ports, tables, queues, roles. */
import type { AnyMessageKind } from '../message-kind.js';

export const SWITCH_MESSAGES: readonly AnyMessageKind[] = [];
