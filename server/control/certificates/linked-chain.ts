// Certificates that came together, in whatever order, as the chain that they make: whose issuer is which, and
// where it ends.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { certificateFacts } from '../../lib/certificate-facts.ts'
import { shortName } from './told-certificate.ts'

export interface LinkedChain {
  readonly leaf: X509Certificate
  /** From its issuer on. */
  readonly links: readonly X509Certificate[]
  /** They came in this order. */
  readonly isSorted: boolean
  /** How many came along that are of no use. */
  readonly unused: number
  /**
   * known: a CA that clients know has signed the last; self_signed: the own one by itself; own_root: with a
   * CA of its own; open: nobody knows who signed the last.
   */
  readonly ends: 'known' | 'self_signed' | 'own_root' | 'open'
  /** Who is not known. */
  readonly missing: string
  /** Where it is published, as the certificate says; null: it does not. */
  readonly from: string | null
}

const LINKS_MAX = 10

/** `key`: whose certificate it is, where the first is not. There is one at least. */
export function linkedChain(all: readonly X509Certificate[], key: KeyObject | null): LinkedChain {
  const [first] = all
  const ofKey = key === null ? undefined : all.find((one) => one.checkPrivateKey(key))
  const leaf = (ofKey ?? (first && key === null ? ownOf(all) : first)) as X509Certificate
  const links: X509Certificate[] = []
  let last = leaf
  while (!isSelfIssued(last) && links.length < LINKS_MAX) {
    const issuer = all.find((one) => one !== last && !links.includes(one) && hasSigned(one, last))
    if (issuer === undefined) break
    links.push(issuer)
    last = issuer
  }
  const used = [leaf, ...links]
  return {
    ...{ leaf, links, unused: new Set(all.map(({ fingerprint256 }) => fingerprint256)).size - used.length },
    isSorted: used.every((one, place) => all[place]?.fingerprint256 === one.fingerprint256),
    ends: endOf(leaf, last),
    missing: shortName(certificateFacts(last.raw).issuer),
    from: /CA Issuers - URI:(\S+)/.exec(last.infoAccess ?? '')?.[1] ?? null,
  }
}

/** The one that has signed none of the others. */
const ownOf = (all: readonly X509Certificate[]): X509Certificate | undefined =>
  all.find((one) => !one.ca) ??
  all.find((one) => !all.some((other) => other !== one && hasSigned(one, other))) ??
  all[0]

function endOf(leaf: X509Certificate, last: X509Certificate): LinkedChain['ends'] {
  if (isKnownRoot(last) || knownIssuers(last).some((root) => hasSigned(root, last))) return 'known'
  if (!isSelfIssued(last)) return 'open'
  return last === leaf ? 'self_signed' : 'own_root'
}

const isSelfIssued = (one: X509Certificate): boolean => hasSigned(one, one)

function hasSigned(issuer: X509Certificate, one: X509Certificate): boolean {
  try {
    return one.checkIssued(issuer) && one.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/** Those that clients know, as far as this runtime does: by subject. Read once, when somebody asks. */
let roots: ReadonlyMap<string, readonly X509Certificate[]> | null = null

function knownRoots(): ReadonlyMap<string, readonly X509Certificate[]> {
  if (roots !== null) return roots
  const { rootCertificates } = process.getBuiltinModule('node:tls')
  const read = rootCertificates.map((text) => new X509Certificate(text))
  return (roots = Map.groupBy(read, ({ subject }) => subject))
}

const knownIssuers = ({ issuer }: X509Certificate): readonly X509Certificate[] =>
  knownRoots().get(issuer) ?? []

const isKnownRoot = ({ subject, fingerprint256 }: X509Certificate): boolean =>
  knownRoots()
    .get(subject)
    ?.some((root) => root.fingerprint256 === fingerprint256) ?? false
