// What stands against a chain and its key, or is worth a word: each with its cause and what to do. Nothing is
// kept, and nothing that stands in a key is told.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { KEY_KINDS, strangeKind } from '../../lib/key-kinds.ts'
import { certificatesIn, holdsKey } from '../../lib/pem.ts'
import { matchesName } from './covered-names.ts'
import { linkedChain, type LinkedChain } from './linked-chain.ts'
import { type ToldCertificate, toldCertificate, usedShare } from './told-certificate.ts'

export interface Finding {
  /** Stable, for programs. */
  readonly code: string
  /** error: clients refuse it, or it cannot be served; warning: some do; info. */
  readonly level: 'error' | 'warning' | 'info'
  readonly message: string
  readonly cause: string | null
  readonly remedy: string | null
}

export interface Examined {
  /** Its own certificate; null: none can be read. */
  readonly certificate: ToldCertificate | null
  /** 0 to 1, of its life. */
  readonly used: number | null
  /** Those that come along, from its issuer on. */
  readonly chain: readonly ToldCertificate[]
  /** The same in the order that TLS wants, with what is of no use left out; null: none can be read. */
  readonly ordered: string | null
  readonly findings: readonly Finding[]
}

export interface ToExamine {
  /** PEM, in whatever order. */
  readonly cert: string
  /** PEM; null: it is not looked at. */
  readonly key: string | null
  readonly nowMs: number
  /** That it is to be good for. */
  readonly names?: readonly string[]
}

const RSA_BITS_GOOD = 2048
const DAY_MS = 86_400_000
/** Each may be held against each: a chain has a handful. */
const CERTIFICATES_MAX = 100
/** Names that are shown of many; and with less than one of so many parts of its life left it ends soon. */
const OFFERED_FEW = 10

export function examine({ cert, key, nowMs, names = [] }: ToExamine): Examined {
  const { blocks, isCut } = certificatesIn(cert)
  if (blocks.length > CERTIFICATES_MAX) {
    const message = `${blocks.length} certificates stand in the text; at most ${CERTIFICATES_MAX} are looked at.`
    return { ...NOTHING, findings: [bad('too_many', message, null, 'send its own and those of its chain')] }
  }
  const read = blocks.map(readOr)
  const all = read.filter((one) => one !== null)
  const findings: Finding[] = []
  if (isCut)
    findings.push(bad('cut_off', 'The text ends in the midst of a certificate.', null, 'send the whole file'))
  if (all.length < blocks.length)
    findings.push(
      bad(
        'unreadable',
        `${blocks.length - all.length} of ${blocks.length} certificates cannot be read.`,
        null,
        'export it again, as PEM',
      ),
    )
  const privateKey = key === null ? null : readKey(key, findings)
  if (all.length === 0) {
    const message = 'No certificate stands in the text.'
    return { ...NOTHING, findings: [bad('no_certificate', message, null, PEM_WANTED), ...findings] }
  }
  const chain = linkedChain(all, privateKey)
  const { leaf, links, isSorted, unused } = chain
  const told = toldCertificate(leaf)
  findings.push(
    ...ofKey(leaf, privateKey),
    ...ofDates(told, nowMs),
    ...ofChain(chain),
    ...(isSorted && unused === 0 ? [] : [ofOrder(isSorted, unused)]),
    ...ofNames(told, names),
    ...ofStrength(leaf, told),
  )
  return {
    certificate: told,
    used: usedShare(told, nowMs),
    chain: links.map(toldCertificate),
    ordered: [leaf, ...links].map((one) => `${one.toString().trimEnd()}\n`).join(''),
    findings,
  }
}

const NOTHING: Examined = { certificate: null, used: null, chain: [], ordered: null, findings: [] }
const PEM_WANTED = 'send the chain as PEM, which begins with -----BEGIN CERTIFICATE-----'

const bad = (code: string, message: string, cause: string | null, remedy: string | null): Finding => ({
  ...{ code, level: 'error', message, cause, remedy },
})
const word = (
  level: 'warning' | 'info',
  code: string,
  message: string,
  [cause, remedy]: readonly [string | null, string | null],
): Finding => ({ code, level, message, cause, remedy })

function readOr(block: string): X509Certificate | null {
  try {
    const read = new X509Certificate(block)
    toldCertificate(read)
    return read
  } catch {
    return null
  }
}

function readKey(text: string, findings: Finding[]): KeyObject | null {
  if (!holdsKey(text)) {
    const remedy = 'send the key that the request was made with, as PEM: -----BEGIN PRIVATE KEY-----'
    findings.push(bad('no_key', 'No private key stands in the text.', null, remedy))
    return null
  }
  try {
    return createPrivateKey(text)
  } catch {
    const isLocked = text.includes('ENCRYPTED')
    findings.push(
      isLocked
        ? bad(
            'key_has_passphrase',
            'The key has a passphrase.',
            'The gateway starts without anybody to type it.',
            'take it off: openssl pkey -in FILE -out KEY',
          )
        : bad('key_unreadable', 'The key cannot be read.', null, 'export it again, as PEM'),
    )
    return null
  }
}

function ofKey(leaf: X509Certificate, key: KeyObject | null): Finding[] {
  const kind = strangeKind(leaf.publicKey)
  const strange =
    kind === null
      ? []
      : [
          bad(
            'key_kind',
            `The certificate has a key of ${kind}.`,
            `TLS here needs ${KEY_KINDS}.`,
            'have one made for another key',
          ),
        ]
  if (key === null || leaf.checkPrivateKey(key)) return strange
  const remedy = 'choose the key that the request of this certificate was made with'
  return [...strange, bad('key_mismatch', 'The key is of another certificate.', null, remedy)]
}

const dayOf = (date: string): string => date.slice(0, 10)

function ofDates({ not_before: from, not_after: to }: ToldCertificate, nowMs: number): Finding[] {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  if (toMs <= nowMs)
    return [bad('expired', `It has expired on ${dayOf(to)}.`, null, 'have it renewed, and send the new one')]
  if (fromMs > nowMs)
    return [
      bad(
        'not_yet_valid',
        `It is not valid before ${dayOf(from)}.`,
        'Clients refuse it until then, or the clock of this machine is behind.',
        'serve it from that day on',
      ),
    ]
  const leftMs = toMs - nowMs
  if (leftMs * OFFERED_FEW >= toMs - fromMs) return []
  const left = Math.floor(leftMs / DAY_MS)
  return [
    word('warning', 'ends_soon', `It ends on ${dayOf(to)}, in ${left === 1 ? '1 day' : `${left} days`}.`, [
      null,
      'have it renewed',
    ]),
  ]
}

function ofChain({ leaf, links, ends, missing, from }: LinkedChain): Finding[] {
  switch (ends) {
    case 'known':
      return []
    case 'self_signed':
      return [
        word('warning', 'self_signed', 'Nobody else has signed it.', [
          'Clients warn of it unless they were told to trust it.',
          'for the public take one of a CA (ACME); else give clients its fingerprint',
        ]),
      ]
    case 'own_root':
      return [
        word('info', 'private_ca', `Its CA, ${missing}, is none that clients know by themselves.`, [
          null,
          'clients need the certificate of this CA among those they trust',
        ]),
      ]
    case 'open':
      return [
        word('warning', 'chain_incomplete', `The certificate of ${missing} is missing.`, [
          `${links.length === 0 ? 'It comes alone, and it' : 'The last that comes along'} was signed by ${missing}, which clients do not know by themselves.`,
          from === null
            ? `put the certificate of ${missing} behind ${leaf === undefined ? 'it' : 'its own'}; the CA publishes it`
            : `put the certificate of ${missing} behind its own: it is at ${from}`,
        ]),
      ]
  }
}

function ofOrder(isSorted: boolean, unused: number): Finding {
  const more = unused === 1 ? '1 certificate is' : `${unused} certificates are`
  return isSorted
    ? word('info', 'chain_unused', `${more} of no use in it.`, [
        'What nobody of the chain is signed by costs each handshake bytes.',
        'leave it out: `ordered` has the rest',
      ])
    : word('warning', 'chain_order', 'The certificates are not in their order.', [
        'TLS takes the first as its own, and each next one as the issuer of the one before.',
        'send them as `ordered` has them',
      ])
}

function ofNames({ names }: ToldCertificate, wanted: readonly string[]): Finding[] {
  if (names.length === 0)
    return [
      bad(
        'no_names',
        'It is for no name.',
        'Clients heed the alternative names alone, and it has none.',
        'have one made with subjectAltName',
      ),
    ]
  const missing = wanted.filter((name) => !names.some((own) => matchesName(own, name)))
  if (missing.length === 0) return []
  const shown = `${missing.slice(0, OFFERED_FEW).join(', ')}${missing.length > OFFERED_FEW ? ` and ${missing.length - OFFERED_FEW} more` : ''}`
  return [
    word('warning', 'names_missing', `It is not for ${shown}.`, [
      `It is for ${names.slice(0, OFFERED_FEW).join(', ')}.`,
      'have one made for those as well, or keep the one that is for them',
    ]),
  ]
}

function ofStrength({ publicKey }: X509Certificate, { signature, key }: ToldCertificate): Finding[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails } = publicKey
  const bits = asymmetricKeyDetails?.modulusLength ?? 0
  const isShort = type === 'rsa' && bits < RSA_BITS_GOOD
  const isOld = signature !== null && /md5|sha1\b|sha1With|SHA1/i.test(signature)
  return [
    ...(isShort
      ? [
          word('warning', 'weak_key', `Its key is ${key}.`, [
            `Browsers refuse RSA below ${RSA_BITS_GOOD} bits.`,
            'have one made for ECDSA P-256, or RSA 2048',
          ]),
        ]
      : []),
    ...(isOld
      ? [
          word('warning', 'weak_signature', `It is signed with ${signature}.`, [
            'Browsers refuse it.',
            'have it made anew with SHA-256',
          ]),
        ]
      : []),
  ]
}
