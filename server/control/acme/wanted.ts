// What is wanted of a certificate, made of its words in the config.
import { createHash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { canonicalAddress } from '../../lib/ip-address.ts'
import type { ExternalAccount } from './account-key.ts'
import type { AcmeConfig } from './acme.options.ts'

/** A CA as it is asked. */
export interface Issuer {
  /** URL. */
  readonly directory: string
  /** As it is shown: its word in the config, or its host. */
  readonly shown: string
  readonly eab: ExternalAccount | null
  /** A file; null: what the machine trusts. */
  readonly ca: string | null
}

export interface Wanted {
  readonly name: string
  readonly config: AcmeConfig
  /** In lower case, each once. */
  readonly names: readonly string[]
  readonly issuers: readonly Issuer[]
  /** Another once anything of it is edited: then it is tried at once. */
  readonly fingerprint: string
}

const DIRECTORIES: Readonly<Record<string, string>> = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
  zerossl: 'https://acme.zerossl.com/v2/DV90',
}

export function wantedOf(name: string, config: AcmeConfig): Wanted {
  const { directory, eab, ca, fallbacks } = config
  const others = fallbacks.map((one) => (typeof one === 'string' ? { directory: one } : one))
  return {
    name,
    config,
    names: [...new Set((config.domains ?? []).map(plainName))],
    issuers: [{ directory, ...(eab && { eab }), ...(ca !== undefined && { ca }) }, ...others].map(issuerOf),
    fingerprint: createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16),
  }
}

/** A name as CAs take it: in lower case, as A-labels, without the last dot; an address in one spelling. */
function plainName(name: string): string {
  const address = canonicalAddress(name)
  if (address !== null) return address
  const [, star = '', rest = ''] = /^(\*\.)?(.*?)\.?$/s.exec(name) ?? []
  return star + (domainToASCII(rest) || rest.toLowerCase())
}

function issuerOf({
  directory,
  eab,
  ca,
}: Partial<Pick<AcmeConfig, 'eab' | 'ca'>> & { directory: string }): Issuer {
  const url = DIRECTORIES[directory] ?? directory
  const shown = url === directory ? new URL(url).host : directory
  return { directory: url, shown, eab: eab ?? null, ca: ca ?? null }
}
