/** An error of which OVS's log says more than its code. */
import { unsupportedPortText } from '../../port-text.js';
import { OpenFlowError } from '../../switch-connection.js';

export class LoggedError extends OpenFlowError {
  /** OVS's name of the part that logs it. */
  readonly module: string;
  readonly warning: string;

  constructor(code: string, module: string, warning: string) {
    super(code);
    this.name = 'LoggedError';
    this.module = module;
    this.warning = warning;
  }
}

/** What OVS answers to the number of a port that it cannot hold. */
export function badPort(port: number): LoggedError {
  return new LoggedError('OFPBMC_BAD_VALUE', 'ofp_port', unsupportedPortText(port));
}
