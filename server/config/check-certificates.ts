// Certificates by name: each comes from one place, and what stands in its files fits together.
import type { X509Certificate } from 'node:crypto'
import type { CertificateConfig } from '../tls/certificate.options.ts'
import { checkAcme } from './check-acme.ts'
import { checkCertificate, checkDates } from './check-certificate.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** Checks the certificates of a config. */
export function checkCertificates(checked: Checked): void {
  for (const [name, words] of Object.entries(checked.config.certificates)) {
    const path = ['certificates', name]
    // A problem was reported of anything else.
    if (checked.written(path)?.is === 'map') checkOne(checked, path, words)
  }
}

function checkOne(checked: Checked, path: Path, words: CertificateConfig): void {
  const { cert, key, self_signed, acme } = words
  const places = [cert ?? key, self_signed === false ? undefined : self_signed, acme]
  const count = places.filter((place) => place !== undefined).length
  if (count !== 1)
    checked.report({
      code: count === 0 ? 'missing-key' : 'conflict',
      path,
      found: count === 0 ? 'a certificate from nowhere' : 'a certificate from two places',
      allowed: 'either "cert" and "key", or "self_signed", or "acme"',
      hint: count === 0 ? `write ${checked.spelled({ cert: 'site.pem', key: 'site.key' })}` : null,
    })
  if (acme !== undefined && checked.written([...path, 'acme'])?.is === 'map')
    checkAcme(checked, [...path, 'acme'], acme)
  if (cert !== undefined || key !== undefined) checkPairs(checked, path, cert ?? [], key ?? [])
}

function checkPairs(checked: Checked, path: Path, certs: readonly string[], keys: readonly string[]): void {
  if (checked.isWritten([...path, 'cert']) !== checked.isWritten([...path, 'key'])) {
    const missing = checked.isWritten([...path, 'cert']) ? 'key' : 'cert'
    return checked.report({
      code: 'missing-key',
      path,
      found: `no "${missing}"`,
      allowed: `"${missing}", the path of a file`,
      hint: 'one file may hold both: then write it twice',
    })
  }
  if (certs.length !== keys.length)
    return checked.report({
      code: 'conflict',
      path: [...path, 'key'],
      found: `${countOf(keys.length, 'key')} for ${countOf(certs.length, 'certificate')}`,
      allowed: 'a key for each certificate, in the same order',
      hint: null,
    })
  const at = (field: string, place: number): Path =>
    checked.written([...path, field])?.is === 'list' ? [...path, field, place] : [...path, field]
  const [only = '', another] = certs
  const known = another === undefined ? checked.goodPair(only, keys[0] ?? only) : undefined
  if (known !== undefined) return checkDates(checked, at('cert', 0), only, known)
  const leaves = certs.map((cert, place) => {
    const leaf = checkCertificate(
      checked,
      { cert: at('cert', place), key: at('key', place) },
      { cert, key: keys[place] ?? cert },
    )
    return { leaf, path: at('cert', place) }
  })
  checkKinds(checked, leaves)
}

/** Of two with the same kind of key, TLS would serve one. */
function checkKinds(
  checked: Written,
  leaves: readonly { readonly leaf: X509Certificate | null; readonly path: Path }[],
): void {
  if (leaves.length < 2) return
  const seen = new Set<string>()
  for (const { leaf, path } of leaves) {
    const kind = leaf?.publicKey.asymmetricKeyType
    if (kind === undefined) continue
    if (seen.has(kind))
      checked.report({
        code: 'conflict',
        path,
        found: `a second certificate whose key is of the kind ${kind}`,
        allowed: 'one for each kind of key: one of RSA, one of ECDSA',
        hint: 'certificates for other names have a name of their own here; the listener lists both',
      })
    seen.add(kind)
  }
}

const countOf = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`
