// What is asked of clients' certificates: issuers to hold them against, and lists of revoked ones that are
// good now.
import type { X509Certificate } from 'node:crypto'
import { type ClientRules, clientRules, isVerified } from '../lib/client-auth.ts'
import { type Crl, readCrls } from '../lib/crl.ts'
import { crlSigners } from '../lib/crl-signers.ts'
import type { ClientCertificateConfig } from '../tls/client-certificate.options.ts'
import { checkIssuers, readChain } from './check-certificate.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'
import { whyUnread } from './why-unread.ts'
import type { Written } from './written.ts'

/** `path`: that of the listener, which ends TLS or does not. */
export function checkClientCertificate(
  written: Written,
  path: Path,
  words: ClientCertificateConfig | undefined,
  endsTls: boolean,
): void {
  if (words === undefined) return
  const here = [...path, 'client_certificate']
  if (!endsTls)
    return written.report({
      code: 'conflict',
      path: here,
      found: 'certificates of clients where TLS does not end',
      allowed: 'it beside "certificates"',
      hint: null,
    })
  const ofListener = clientRules(words)
  checkRules(written, here, ofListener)
  checkFiles(written, here, words, words.ca)
  for (const [name, own] of Object.entries(words.names)) {
    const place = [...here, 'names', name]
    const rules = clientRules(words, own)
    checkRules(written, place, rules)
    checkFiles(written, place, own, rules.ca)
  }
  const asks = [ofListener, ...Object.values(words.names).map((own) => clientRules(words, own))]
  if (asks.some(({ mode }) => mode !== 'off')) return
  written.warn({
    code: 'conflict',
    path: here,
    found: 'certificates of clients, of which none is asked',
    allowed: 'a mode other than off, here or for one of "names"',
    hint: 'leave it out where nobody is to be asked',
  })
}

function checkRules(written: Written, path: Path, { mode, ca, crl }: ClientRules): void {
  if (mode === 'off') return
  if (ca.length === 0 && isVerified(mode))
    written.report({
      code: 'missing-key',
      path,
      found: 'no "ca"',
      allowed: '"ca", the issuers whose clients are trusted',
      hint: `write ${written.spelled({ ca: 'clients-ca.pem' })}, or mode: any where every certificate is good`,
    })
  if (ca.length === 0 && crl.length > 0)
    written.report({
      code: 'missing-key',
      path: [...path, 'crl'],
      found: 'lists of revoked certificates without "ca"',
      allowed: 'both, or "ca" alone',
      hint: 'each list is held against its issuer',
    })
}

interface Files {
  readonly ca: readonly string[]
  readonly crl: readonly string[]
}

/** `ca`: those that its lists are held against. */
function checkFiles(written: Written, path: Path, files: Files, ca: readonly string[]): void {
  const placeIn = (key: 'ca' | 'crl') => (index: number) =>
    written.written([...path, key])?.is === 'list' ? [...path, key, index] : [...path, key]
  checkIssuers(written, files.ca, placeIn('ca'), 'clients with their certificates are refused')
  if (files.crl.length === 0) return
  const issuers = ca.flatMap((file) => (isStandIn(file) ? [] : issuersIn(written, file)))
  for (const [index, file] of files.crl.entries()) checkCrl(written, placeIn('crl')(index), file, issuers)
}

/** What cannot be read was told with the file itself. */
function issuersIn(written: Written, file: string): readonly X509Certificate[] {
  try {
    return readChain(written.readText(file)) ?? []
  } catch {
    return []
  }
}

function checkCrl(written: Written, path: Path, file: string, issuers: readonly X509Certificate[]): void {
  if (isStandIn(file)) return
  const wrong = (found: string, hint: string | null): void =>
    written.report({
      code: 'file',
      path,
      found: `${written.said(path, file)}, ${found}`,
      allowed: 'lists of revoked certificates (CRL), in PEM or DER, of issuers in "ca"',
      hint,
    })
  let text: string
  try {
    text = written.readText(file)
  } catch (error) {
    return wrong('which cannot be read', written.isSubstituted(path) ? null : whyUnread(error))
  }
  let crls: readonly Crl[]
  try {
    crls = readCrls(text)
  } catch (error) {
    return wrong('which cannot be taken', error instanceof Error ? error.message : null)
  }
  for (const crl of crls) {
    const { names, whyNot } = crlSigners(crl, issuers)
    if (issuers.length > 0 && names.length === 0)
      wrong(`a list of ${crl.issuerText}, ${whyNot}`, 'add its issuer to "ca"')
    else if (crl.untilMs < written.nowMs)
      written.warn({
        code: 'wrong-value',
        path,
        found: `${written.said(path, file)}, where the list of ${crl.issuerText} expired on ${new Date(crl.untilMs).toISOString().slice(0, 10)}`,
        allowed: 'one that is good now',
        hint: 'clients of this issuer are refused, unless "expired_crl: use" says otherwise',
      })
  }
}
