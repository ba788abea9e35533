// Ranges that are not the public internet (IANA's special-purpose registries, RFC 6890), with a word for
// each, and public addresses that stand for a cloud's own host: peers there are refused unless peers.allow
// names them. Data only.

/** Words of the metric's label: why a peer was refused. */
export type SpecialWord =
  | 'this_network'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link_local'
  | 'multicast'
  | 'broadcast'
  | 'documentation'
  | 'benchmarking'
  | 'cloud'
  | 'reserved'
  | 'unspecified'
  | 'nat64'
  | 'teredo'
  | '6to4'

export interface SpecialRange {
  readonly range: string
  readonly word: SpecialWord
  /** After "ADDRESS is": for people. */
  readonly is: string
  /** Never reached, whatever peers.allow says. */
  readonly isAlways?: true
}

const RESERVED = 'reserved'

export const SPECIAL_RANGES: readonly SpecialRange[] = [
  { range: '0.0.0.0/8', word: 'this_network', is: '"this network"', isAlways: true },
  { range: '10.0.0.0/8', word: 'private', is: 'private' },
  { range: '100.64.0.0/10', word: 'shared', is: 'shared by carriers' },
  { range: '127.0.0.0/8', word: 'loopback', is: 'loopback' },
  // Not in any registry: only from inside of Azure is it more than an address that does not answer.
  {
    range: '168.63.129.16/32',
    word: 'cloud',
    is: "Azure's own host, where its DNS and platform services are",
  },
  { range: '169.254.0.0/16', word: 'link_local', is: 'link-local, where metadata services are' },
  { range: '172.16.0.0/12', word: 'private', is: 'private' },
  { range: '192.0.0.0/24', word: 'reserved', is: RESERVED },
  { range: '192.0.2.0/24', word: 'documentation', is: 'for documentation' },
  { range: '192.88.99.0/24', word: 'reserved', is: RESERVED },
  { range: '192.168.0.0/16', word: 'private', is: 'private' },
  { range: '198.18.0.0/15', word: 'benchmarking', is: 'for benchmarking' },
  { range: '198.51.100.0/24', word: 'documentation', is: 'for documentation' },
  { range: '203.0.113.0/24', word: 'documentation', is: 'for documentation' },
  { range: '224.0.0.0/4', word: 'multicast', is: 'multicast' },
  { range: '240.0.0.0/4', word: 'reserved', is: RESERVED },
  { range: '255.255.255.255/32', word: 'broadcast', is: 'broadcast' },
  // Of IPv6 only 2000::/3 is public; the rest is reserved where nothing more is known of it.
  { range: '::/3', word: 'reserved', is: RESERVED },
  { range: '4000::/2', word: 'reserved', is: RESERVED },
  { range: '8000::/1', word: 'reserved', is: RESERVED },
  { range: '::/128', word: 'unspecified', is: 'unspecified', isAlways: true },
  { range: '::1/128', word: 'loopback', is: 'loopback' },
  { range: '64:ff9b::/96', word: 'nat64', is: 'IPv4 behind a translator' },
  { range: '64:ff9b:1::/48', word: 'nat64', is: 'IPv4 behind a translator' },
  { range: '2001::/23', word: 'reserved', is: RESERVED },
  { range: '2001::/32', word: 'teredo', is: 'Teredo', isAlways: true },
  { range: '2001:2::/48', word: 'benchmarking', is: 'for benchmarking' },
  { range: '2001:db8::/32', word: 'documentation', is: 'for documentation' },
  { range: '2002::/16', word: '6to4', is: '6to4', isAlways: true },
  { range: '3fff::/20', word: 'documentation', is: 'for documentation' },
  { range: 'fc00::/7', word: 'private', is: 'private' },
  { range: 'fe80::/10', word: 'link_local', is: 'link-local' },
  { range: 'fec0::/10', word: 'private', is: 'private (site-local)' },
  { range: 'ff00::/8', word: 'multicast', is: 'multicast' },
]
