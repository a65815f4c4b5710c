/** What OVS's tools log on the terminal, with the limits that its library has for logs (lib/vlog.c, lib/token-bucket.c). */
import type { OpenFlowError } from '../switch-connection.js';
import { LoggedError } from '../wire/match/logged-error.js';
import type { Invocation } from './invocation.js';

/** Messages that a part of OVS logs before it falls silent for a minute (VLOG_RATE_LIMIT_INIT(1, 5)). */
const BURST = 5;
/** This one asks its limit twice for each message. */
const ASKS_TWICE = 'nx_match';

/** The log of parts that fall silent when they have much to say. */
export class LimitedLog {
  private readonly invocation: Invocation;
  private readonly spent = new Map<string, number>();

  constructor(invocation: Invocation) {
    this.invocation = invocation;
  }

  /** Lines of one message. */
  log(module: string, lines: readonly string[], level: 'INFO' | 'WARN' = 'WARN'): void {
    const spent = (this.spent.get(module) ?? 0) + (module === ASKS_TWICE ? 2 : 1);
    this.spent.set(module, spent);
    if (spent <= BURST) for (const line of lines) this.invocation.log(module, line, level);
  }

  /** What OVS logs of an error, if anything. */
  logError(error: OpenFlowError): void {
    if (error instanceof LoggedError) this.log(error.module, [error.warning]);
  }
}
