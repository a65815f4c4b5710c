/**
 * A BFD session of a port (RFC 5880, asynchronous mode; RFC 5881): both ends send control packets, and the link is up
 * while each hears that the other hears it. Mirrors lib/bfd.c, which names the state variables as RFC 5880 §6.8.1 does.
 *
 * The invariant: outside the state Up nothing is known of the other end but that it is Down, and packets are at least a
 * second apart (§6.8.3).
 */
import type { LinkMonitorEnvironment } from '../link-monitor-environment.js';
import {
  BFD_MESSAGE_SIZE,
  BFD_TTL,
  BFD_VERSION,
  type BfdMessage,
  composeBfdFrame,
  FLAG_AUTHENTICATION,
  FLAG_FINAL,
  FLAG_MULTIPOINT,
  FLAG_POLL,
  parseBfdFrame,
  STATE_ADMIN_DOWN,
  STATE_DOWN,
  STATE_INIT,
  STATE_UP,
} from './packet.js';
import type { BfdSettings } from './settings.js';

const BFD_ADDRESS = Uint8Array.of(0x00, 0x23, 0x20, 0x00, 0x00, 0x01);

export const DIAGNOSTIC_NONE = 0;
const DIAGNOSTIC_EXPIRED = 1;
const DIAGNOSTIC_REMOTE_DOWN = 3;
const DIAGNOSTIC_PATH_DOWN = 5;
const DIAGNOSTIC_CONCATENATED_PATH_DOWN = 6;
const DIAGNOSTIC_REVERSE_CONCATENATED_PATH_DOWN = 8;

/** While a session is not up. */
const SLOW_TX_MS = 1000;
/** The least time over which received packets are counted. */
const LEAST_COUNTING_MS = 2000;
/** So many intervals without a control packet, and other packets do not count either. */
const DEMAND_INTERVALS = 100;

export interface BfdIdentity {
  readonly name: string;
  readonly discriminator: number;
  /** The UDP port that all packets of the session come from. */
  readonly sourcePort: number;
}

export interface BfdFrame {
  readonly frame: Uint8Array;
  readonly isOam: boolean;
}

export class Bfd {
  readonly identity: BfdIdentity;
  settings!: BfdSettings;
  state = STATE_DOWN;
  diagnostic = DIAGNOSTIC_NONE;
  flags = 0;
  remoteState = STATE_DOWN;
  remoteDiagnostic = DIAGNOSTIC_NONE;
  remoteFlags = 0;
  remoteDiscriminator = 0;
  remoteMultiplier = 0;
  remoteMinRxMs = 1;
  remoteMinTxMs = 0;
  /** As in force; in a poll sequence the other end is asked for other ones. */
  minTxMs = 1000;
  minRxMs = 0;
  /** 0: at once. */
  nextTxMs = 0;
  lastTxMs = 0;
  detectMs = 0;
  flapCount = 0;
  /** Set by hand in place of what the session says. */
  private override: boolean | null = null;
  private lastForwarding = false;
  private polledMinTxMs = 0;
  private polledMinRxMs = 0;
  private inDecay = false;
  /** As in force: one that is less than min_rx is none. */
  private decayMinRxMs = 0;
  private decayControlPackets = 0;
  private decayRxPackets = 0;
  private decayDetectMs = 0;
  private receivingUntilMs = 0;
  private demandUntilMs = 0;
  private readonly env: LinkMonitorEnvironment;

  constructor(identity: BfdIdentity, settings: BfdSettings, env: LinkMonitorEnvironment) {
    this.identity = identity;
    this.env = env;
    this.configure(settings);
    env.onChange();
  }

  configure(settings: BfdSettings): void {
    const old: BfdSettings | undefined = this.settings;
    this.settings = settings;
    let mustPoll = false;
    const isFree = this.state !== STATE_UP;
    if (old?.minTxMs !== settings.minTxMs) {
      if (isFree || (!this.isPolling && settings.minTxMs < this.minTxMs)) this.minTxMs = settings.minTxMs;
      mustPoll = true;
    }
    const hasOtherMinRx = old?.minRxMs !== settings.minRxMs;
    if (hasOtherMinRx) {
      if (isFree || (!this.isPolling && settings.minRxMs > this.minRxMs)) this.minRxMs = settings.minRxMs;
      mustPoll = true;
    }
    if (this.decayMinRxMs !== settings.decayMinRxMs || hasOtherMinRx) {
      const isTooShort = settings.decayMinRxMs > 0 && settings.decayMinRxMs < settings.minRxMs;
      this.decayMinRxMs = isTooShort ? 0 : settings.decayMinRxMs;
      this.inDecay = false;
      this.restartDecay();
      mustPoll = true;
    }
    if ((old?.isConcatenatedPathDown ?? false) !== settings.isConcatenatedPathDown) {
      this.setState(this.state, DIAGNOSTIC_NONE);
      mustPoll = true;
    }
    const forwardsIfReceiving = settings.forwardsIfReceiving && this.state === STATE_UP;
    if ((old?.forwardsIfReceiving ?? false) !== settings.forwardsIfReceiving) {
      if (forwardsIfReceiving) this.restartReceiving();
      else this.receivingUntilMs = 0;
    } else if (forwardsIfReceiving && old?.multiplier !== settings.multiplier) this.restartReceiving();
    if (mustPoll) this.poll();
  }

  /** May the port carry traffic, as far as BFD goes? Notices when the answer has changed. */
  isForwarding(): boolean {
    if (this.override !== null) return this.override;
    const nowMs = this.env.nowMs();
    const isReceiving =
      this.settings.forwardsIfReceiving && this.receivingUntilMs > nowMs && this.demandUntilMs > nowMs;
    const isForwarding =
      (this.state === STATE_UP || isReceiving) &&
      this.remoteDiagnostic !== DIAGNOSTIC_PATH_DOWN &&
      this.remoteDiagnostic !== DIAGNOSTIC_CONCATENATED_PATH_DOWN &&
      this.remoteDiagnostic !== DIAGNOSTIC_REVERSE_CONCATENATED_PATH_DOWN;
    if (this.lastForwarding !== isForwarding) {
      this.lastForwarding = isForwarding;
      this.flapCount++;
      this.env.onChange();
    }
    return isForwarding;
  }

  /** null: the session speaks for itself again. */
  setOverride(override: boolean | null): void {
    this.override = override;
    this.env.onChange();
  }

  /** The port has received packets, of whatever kind. */
  accountReceived(): void {
    if (!this.settings.forwardsIfReceiving) return;
    this.isForwarding();
    this.restartReceiving();
    this.isForwarding();
  }

  /** What time has brought about. */
  run(): void {
    const { env, settings } = this;
    const nowMs = env.nowMs();
    const wasInDecay = this.inDecay;
    if (this.state > STATE_DOWN && nowMs >= this.detectMs) this.setState(STATE_DOWN, DIAGNOSTIC_EXPIRED);
    this.isForwarding();
    if (this.state === STATE_UP && this.decayMinRxMs > 0 && nowMs >= this.decayDetectMs) {
      const received = env.rxPackets() - this.decayRxPackets;
      // Twice as many, for counters that lag behind.
      this.inDecay = received <= 2 * Math.max(this.decayControlPackets, 1);
      this.restartDecay();
    }
    const hasOtherRx = this.minRxMs !== settings.minRxMs && this.minRxMs !== this.decayMinRxMs;
    if (this.minTxMs !== settings.minTxMs || hasOtherRx || this.inDecay !== wasInDecay) this.poll();
  }

  /** When run() or a packet is due. */
  get nextRunMs(): number {
    if ((this.flags & FLAG_FINAL) !== 0) return 0;
    return this.state > STATE_DOWN ? Math.min(this.detectMs, this.nextTxMs) : this.nextTxMs;
  }

  get mustSend(): boolean {
    return (this.flags & FLAG_FINAL) !== 0 || this.env.nowMs() >= this.nextTxMs;
  }

  /** The packet that is due, from a port with this address. */
  compose(source: Uint8Array): BfdFrame {
    const { settings, identity } = this;
    const frame = composeBfdFrame(
      {
        ethSource: settings.localSource ?? source,
        ethDestination: settings.localDestination ?? BFD_ADDRESS,
        ipSource: settings.ipSource,
        ipDestination: settings.ipDestination,
        sourcePort: identity.sourcePort,
      },
      {
        version: BFD_VERSION,
        diagnostic: this.diagnostic,
        state: this.state,
        flags: this.flags,
        multiplier: settings.multiplier,
        size: BFD_MESSAGE_SIZE,
        myDiscriminator: identity.discriminator,
        yourDiscriminator: this.remoteDiscriminator,
        minTxUs: microseconds(this.isPolling ? this.polledMinTxMs : this.shownMinTxMs),
        minRxUs: microseconds(this.isPolling ? this.polledMinRxMs : this.minRxMs),
        minEchoRxUs: 0,
      },
    );
    this.flags &= ~FLAG_FINAL;
    this.lastTxMs = this.env.nowMs();
    this.scheduleTx();
    return { frame, isOam: settings.isOam };
  }

  /** A packet of BFD's came in by the port (RFC 5880 §6.8.6). */
  receive(frame: Uint8Array): void {
    const carried = parseBfdFrame(frame);
    if (carried === null) return;
    this.decayControlPackets++;
    this.isForwarding();
    if (carried.ttl === BFD_TTL && carried.message !== null && this.isAcceptable(carried.message)) {
      this.take(carried.message);
    }
    this.isForwarding();
    if (this.mustSend) this.env.wake();
  }

  private isAcceptable(message: BfdMessage): boolean {
    const { flags, yourDiscriminator, state } = message;
    if (message.version !== BFD_VERSION || message.size < BFD_MESSAGE_SIZE || message.multiplier === 0) return false;
    if ((flags & (FLAG_AUTHENTICATION | FLAG_MULTIPOINT)) !== 0 || message.myDiscriminator === 0) return false;
    return yourDiscriminator === 0 ? state <= STATE_DOWN : yourDiscriminator === this.identity.discriminator;
  }

  private take(message: BfdMessage): void {
    const { env, settings } = this;
    const { flags, state } = message;
    if (this.remoteState !== state) env.onChange();
    this.remoteDiscriminator = message.myDiscriminator;
    this.remoteState = state;
    this.remoteFlags = flags;
    this.remoteDiagnostic = message.diagnostic;
    if ((flags & FLAG_FINAL) !== 0 && this.isPolling) {
      this.minTxMs = this.polledMinTxMs;
      this.minRxMs = this.polledMinRxMs;
      this.flags &= ~FLAG_POLL;
    }
    // No packet has both.
    if ((flags & FLAG_POLL) !== 0) this.flags = (this.flags & ~FLAG_POLL) | FLAG_FINAL;
    this.remoteMultiplier = message.multiplier;
    const minRxMs = milliseconds(message.minRxUs);
    if (this.remoteMinRxMs !== minRxMs) {
      this.remoteMinRxMs = minRxMs;
      if (this.nextTxMs !== 0) this.scheduleTx();
    }
    this.remoteMinTxMs = milliseconds(message.minTxUs);
    this.detectMs = this.rxIntervalMs * this.remoteMultiplier + env.nowMs();
    this.follow(state);
    if (settings.forwardsIfReceiving) this.demandUntilMs = env.nowMs() + DEMAND_INTERVALS * settings.minRxMs;
  }

  /** The state machine of RFC 5880 §6.2. */
  private follow(remote: number): void {
    if (remote === STATE_ADMIN_DOWN) {
      if (this.state !== STATE_DOWN) this.setState(STATE_DOWN, DIAGNOSTIC_REMOTE_DOWN);
    } else if (this.state === STATE_DOWN) {
      if (remote === STATE_DOWN) this.setState(STATE_INIT, this.diagnostic);
      else if (remote === STATE_INIT) this.setState(STATE_UP, this.diagnostic);
    } else if (this.state === STATE_INIT) {
      if (remote > STATE_DOWN) this.setState(STATE_UP, this.diagnostic);
    } else if (remote === STATE_DOWN) this.setState(STATE_DOWN, DIAGNOSTIC_REMOTE_DOWN);
  }

  private setState(state: number, wanted: number): void {
    const diagnostic = this.settings.isConcatenatedPathDown ? DIAGNOSTIC_CONCATENATED_PATH_DOWN : wanted;
    if (this.state === state && this.diagnostic === diagnostic) return;
    this.state = state;
    this.diagnostic = diagnostic;
    if (state <= STATE_DOWN) {
      this.remoteState = STATE_DOWN;
      this.remoteDiagnostic = DIAGNOSTIC_NONE;
      this.remoteMinRxMs = 1;
      this.remoteMinTxMs = 0;
      this.remoteFlags = 0;
      this.remoteDiscriminator = 0;
      if (this.inDecay) {
        this.minRxMs = this.settings.minRxMs;
        this.inDecay = false;
      }
    }
    if (state === STATE_UP && this.decayMinRxMs !== 0) this.restartDecay();
    this.env.onChange();
  }

  /** Asks the other end whether it has taken up other intervals (RFC 5880 §6.5). */
  private poll(): void {
    if (this.state <= STATE_DOWN || (this.flags & (FLAG_POLL | FLAG_FINAL)) !== 0) return;
    this.polledMinTxMs = this.settings.minTxMs;
    this.polledMinRxMs = this.inDecay ? this.decayMinRxMs : this.settings.minRxMs;
    this.flags |= FLAG_POLL;
    this.nextTxMs = 0;
  }

  private get isPolling(): boolean {
    return (this.flags & FLAG_POLL) !== 0;
  }

  /** bfd.DesiredMinTxInterval as it is told. */
  get shownMinTxMs(): number {
    return this.state === STATE_UP ? this.minTxMs : Math.max(this.minTxMs, SLOW_TX_MS);
  }

  get txIntervalMs(): number {
    return Math.max(this.shownMinTxMs, this.remoteMinRxMs);
  }

  get rxIntervalMs(): number {
    return Math.max(this.minRxMs, this.remoteMinTxMs);
  }

  /** Up to a quarter sooner than agreed, so that sessions do not keep step (RFC 5880 §6.8.7). */
  private scheduleTx(): void {
    const interval = this.txIntervalMs;
    const dice = this.env.rng.next32();
    const percent = this.settings.multiplier === 1 ? 10 + (dice % 16) : dice % 26;
    this.nextTxMs = this.lastTxMs + interval - Math.floor((interval * percent) / 100);
  }

  private restartDecay(): void {
    this.decayRxPackets = this.env.rxPackets();
    this.decayControlPackets = 0;
    this.decayDetectMs = Math.max(this.decayMinRxMs, LEAST_COUNTING_MS) + this.env.nowMs();
  }

  private restartReceiving(): void {
    const detectMs = this.rxIntervalMs * this.settings.multiplier;
    this.receivingUntilMs = Math.max(detectMs, LEAST_COUNTING_MS) + this.env.nowMs();
  }
}

/** As 32 bits. */
const microseconds = (ms: number): number => (ms * 1000) % 2 ** 32;

const milliseconds = (us: number): number => Math.max(1, Math.floor(us / 1000));
