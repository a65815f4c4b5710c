/** All kinds of steps. A new kind is one file and one line here. */
import { arp } from './arp.js';
import { expect } from './expect.js';
import { ping } from './ping.js';
import { pingall } from './pingall.js';
import { run } from './run.js';
import { send } from './send.js';
import type { StepKind } from './step-kind.js';
import { tcp } from './tcp.js';
import { udp } from './udp.js';
import { wait } from './wait.js';

export const STEP_KINDS: readonly StepKind[] = [run, ping, pingall, tcp, udp, arp, send, wait, expect];
