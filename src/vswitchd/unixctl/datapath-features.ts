/**
 * What a datapath can do, as probed when it was opened and as a user may have switched it off since
 * (`dpif/set-dp-features`). Mirrors struct dpif_backer_support of ofproto-dpif.h.
 *
 * Invariant: a feature is never switched on beyond what the datapath had at start.
 */

export type FeatureValue = boolean | number;

/** Name, title and what OVS finds on its userspace datapath, in the order in which OVS shows them. */
export const FEATURES: readonly (readonly [name: string, title: string, atStart: FeatureValue])[] = [
  ['masked_set_action', 'Masked set action', true],
  ['tnl_push_pop', 'Tunnel push pop', true],
  ['ufid', 'Ufid', true],
  ['trunc', 'Truncate action', true],
  ['clone', 'Clone action', true],
  ['sample_nesting', 'Sample nesting', 10],
  ['ct_eventmask', 'Conntrack eventmask', true],
  ['ct_clear', 'Conntrack clear', true],
  ['max_hash_alg', 'Max dp_hash algorithm', 1],
  ['check_pkt_len', 'Check pkt length action', true],
  ['ct_timeout', 'Conntrack timeout policy', true],
  ['explicit_drop_action', 'Explicit Drop action', true],
  ['lb_output_action', 'Optimized Balance TCP mode', true],
  ['ct_zero_snat', 'Conntrack all-zero IP SNAT', true],
  ['add_mpls', 'MPLS Label add', true],
  ['max_vlan_headers', 'Max VLAN headers', 1],
  ['max_mpls_depth', 'Max MPLS depth', 3],
  ['recirc', 'Recirc', true],
  ['ct_state', 'CT state', true],
  ['ct_zone', 'CT zone', true],
  ['ct_mark', 'CT mark', true],
  ['ct_label', 'CT label', true],
  ['ct_state_nat', 'CT state NAT', true],
  ['ct_orig_tuple', 'CT orig tuple', true],
  ['ct_orig_tuple6', 'CT orig tuple for IPv6', true],
  ['nd_ext', 'IPv6 ND Extension', true],
];

/** Features as they were at start and as they are now. */
export class DatapathFeatures {
  private readonly boot = new Map<string, FeatureValue>();
  private readonly runtime = new Map<string, FeatureValue>();

  /** `differences`: what this datapath has otherwise than OVS's userspace datapath. */
  constructor(differences: Readonly<Record<string, FeatureValue>> = {}) {
    for (const [name, , atStart] of FEATURES) {
      const value = differences[name] ?? atStart;
      this.boot.set(name, value);
      this.runtime.set(name, value);
    }
  }

  atStart(name: string): FeatureValue | undefined {
    return this.boot.get(name);
  }

  now(name: string): FeatureValue | undefined {
    return this.runtime.get(name);
  }

  /** Is a yes-or-no feature on? */
  has(name: string): boolean {
    return this.runtime.get(name) === true;
  }

  /** Returns null when the value was set, else what is wrong with it in OVS's words. */
  set(name: string, text: string): string | null {
    const boot = this.boot.get(name);
    if (boot === undefined) return 'Unexpected support field';
    if (typeof boot === 'boolean') {
      const value = text.toLowerCase();
      if (value !== 'true' && value !== 'false') return 'Boolean value expected';
      // "datapth" is how OVS 3.1 spells it.
      if (value === 'true' && !boot) return 'Can not enable features not supported by the datapth';
      this.runtime.set(name, value === 'true');
      return null;
    }
    if (!/^[-+]?\d+$/.test(text)) return 'Integer number expected';
    const value = Number(text);
    if (value < 0) return 'Negative number not expected';
    if (value > boot) return 'Can not set value beyond the datapath capability';
    this.runtime.set(name, value);
    return null;
  }
}
