// A self-signed certificate for localhost and 127.0.0.1, made by openssl once a day for all processes of
// tests: they end in many ways, and would leave a folder each.
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  /** Files (PEM). */
  readonly cert: string
  readonly key: string
  /** SHA-256 of its public key, base64: what Chromium's --ignore-certificate-errors-spki-list wants. */
  readonly spki: string
}

/** The certificate of these tests. */
export function testCertificate(): Certificate {
  made ??= readCertificate(folderOfToday())
  return made
}
let made: Certificate | null = null

function readCertificate(folder: string): Certificate {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const publicKey = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' })
  return { cert, key, spki: createHash('sha256').update(publicKey).digest('base64') }
}

/** Where it stands: made whole, then named, so that another process finds it whole or not at all. */
function folderOfToday(): string {
  const today = new Date().toISOString().slice(0, 10)
  const folder = join(tmpdir(), `sluice-certificate-${userInfo().username}-${today}`)
  try {
    readFileSync(join(folder, 'key.pem'))
    return folder
  } catch {
    // The first of today.
  }
  const fresh = mkdtempSync(join(tmpdir(), 'sluice-cert-'))
  const { exitCode, stderr } = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', join(fresh, 'key.pem'), '-out', join(fresh, 'cert.pem'), '-days', '30'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'],
  ])
  if (exitCode !== 0) throw new Error(`openssl: ${stderr.toString()}`)
  try {
    renameSync(fresh, folder)
  } catch {
    rmSync(fresh, { recursive: true }) // another process was faster
  }
  return folder
}
