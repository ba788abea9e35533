// Certificates and their keys: files that can be read, and that fit together. What stands in a key is never
// told.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { KEY_KINDS, strangeKind } from '../lib/key-kinds.ts'
import { certificatesIn, holdsKey } from '../lib/pem.ts'
import type { Written } from './written.ts'
import type { Path } from './tree.ts'
import { isStandIn } from './stand-in.ts'
import { whyUnread } from './why-unread.ts'

/** Of a chain and its key. */
interface Pair<T> {
  readonly cert: T
  readonly key: T
}

/** Checks a certificate chain and its key, both PEM files; the first of the chain, if it can be read. */
export function checkCertificate(
  checked: Written,
  path: Pair<Path>,
  { cert, key }: Pair<string>,
): X509Certificate | null {
  const chain = chainOf(checked, path.cert, cert)
  const privateKey = readKey(checked, path.key, key)
  const [leaf, ...others] = chain ?? []
  if (leaf === undefined) return null
  checkDates(checked, path.cert, cert, {
    fromMs: Date.parse(leaf.validFrom),
    endsMs: Date.parse(leaf.validTo),
  })
  const isOfLeaf = privateKey !== null && leaf.checkPrivateKey(privateKey)
  // Of two that belong together the one tells as much as the other, and is there already.
  checkKind(checked, path.cert, { name: cert, key: isOfLeaf ? privateKey : leaf.publicKey })
  if (privateKey === null || isOfLeaf) return leaf
  const isLater = others.some((one) => one.checkPrivateKey(privateKey))
  checked.report({
    code: 'conflict',
    path: path.key,
    found: `${checked.said(path.key, key)}, the key of another certificate`,
    allowed: `that of the first one in ${checked.said(path.cert, cert)}`,
    hint: isLater ? 'put its own certificate first in the chain, those of its issuers behind it' : null,
  })
  return leaf
}

/** Clients would get another certificate. */
function checkKind(
  checked: Written,
  path: Path,
  { name, key }: { readonly name: string; readonly key: KeyObject },
): void {
  const kind = strangeKind(key)
  if (kind === null) return
  checked.report({
    code: 'wrong-value',
    path,
    found: `${checked.said(path, name)}, whose key is of ${kind}`,
    allowed: KEY_KINDS,
    hint: 'ask for a certificate with such a key',
  })
}

/** Checks files of issuers, PEM; where each of them stands is told by `pathOf`. */
export function checkIssuers(
  checked: Written,
  files: readonly string[],
  pathOf: (index: number) => Path,
  outcome = 'servers with their certificates are refused',
): void {
  for (const [index, file] of files.entries()) {
    const issuers = chainOf(checked, pathOf(index), file) ?? []
    const expired = issuers.filter(({ validTo }) => Date.parse(validTo) < checked.nowMs)
    if (issuers.length > 0 && expired.length === issuers.length)
      checked.warn({
        code: 'wrong-value',
        path: pathOf(index),
        found: `${checked.said(pathOf(index), file)}, where all have expired`,
        allowed: 'issuers that are valid now',
        hint: outcome,
      })
  }
}

/** Null: they are not whole, or not to be read. */
export function readChain(text: string): readonly X509Certificate[] | null {
  const { blocks, isCut } = certificatesIn(text)
  try {
    return blocks.length > 0 && !isCut ? blocks.map((block) => new X509Certificate(block)) : null
  } catch {
    return null
  }
}

function chainOf(checked: Written, path: Path, name: string): readonly X509Certificate[] | null {
  const text = readFile(checked, path, name)
  if (text === null) return null
  const chain = readChain(text)
  if (chain !== null) return chain
  const { blocks, isCut } = certificatesIn(text)
  const isSwapped = blocks.length === 0 && holdsKey(text)
  wrong(checked, path, name, {
    found: isCut
      ? 'which ends in the midst of a certificate'
      : blocks.length === 0
        ? 'without a certificate in it'
        : 'with a certificate that cannot be read',
    allowed: 'a certificate and those of its issuers, in PEM',
    hint: isSwapped
      ? 'a key stands in it: is it that of "key"?'
      : isDer(text)
        ? 'it seems to be DER: openssl x509 -inform der -in FILE -out PEM'
        : null,
  })
  return null
}

/** A sequence in the long form, as each certificate is one: no text begins so. */
const isDer = (text: string): boolean => /^0[^\0-\x7f]/u.test(text)

function readKey(checked: Written, path: Path, name: string): KeyObject | null {
  const text = readFile(checked, path, name)
  if (text === null) return null
  try {
    return createPrivateKey(text)
  } catch {
    // Why is not told: it might repeat what stands there.
  }
  const isLocked = /ENCRYPTED/.test(text)
  const isSwapped = !holdsKey(text) && certificatesIn(text).blocks.length > 0
  wrong(checked, path, name, {
    found: isLocked ? 'with a key that has a passphrase' : 'without a key that can be read',
    allowed: 'a private key in PEM, without passphrase',
    hint: isLocked
      ? 'take the passphrase off: openssl pkey -in FILE -out KEY'
      : isSwapped
        ? 'a certificate stands in it: is it that of "cert"?'
        : null,
  })
  return null
}

function readFile(checked: Written, path: Path, name: string): string | null {
  if (isStandIn(name)) return null
  try {
    return checked.readText(name)
  } catch (error) {
    const hint = checked.isSubstituted(path) ? null : `it is ${name}: ${whyUnread(error)}`
    wrong(checked, path, name, { found: 'which cannot be read', allowed: 'a readable file', hint })
    return null
  }
}

interface Said {
  readonly found: string
  readonly allowed: string
  readonly hint: string | null
}

function wrong(checked: Written, path: Path, name: string, { found, allowed, hint }: Said): void {
  checked.report({ code: 'file', path, found: `${checked.said(path, name)}, ${found}`, allowed, hint })
}

export function checkDates(
  checked: Written,
  path: Path,
  name: string,
  { fromMs, endsMs }: { readonly fromMs: number; readonly endsMs: number },
): void {
  const warn = (found: string): void =>
    checked.warn({
      code: 'wrong-value',
      path,
      found: `${checked.said(path, name)}, ${found}`,
      allowed: 'a certificate that is valid now',
      hint: 'clients refuse it',
    })
  if (endsMs < checked.nowMs) warn(`which expired on ${dayOf(endsMs)}`)
  else if (fromMs > checked.nowMs) warn(`which is not valid before ${dayOf(fromMs)}`)
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
