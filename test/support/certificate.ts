// A self-signed certificate for localhost and 127.0.0.1, made by openssl once for each process of tests.
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  /** Files (PEM). */
  readonly cert: string
  readonly key: string
  /** SHA-256 of its public key, base64: what Chromium's --ignore-certificate-errors-spki-list wants. */
  readonly spki: string
}

/** The certificate of this process; its files go when the process ends. */
export function testCertificate(): Certificate {
  made ??= makeCertificate()
  return made
}
let made: Certificate | null = null

function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cert-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const { exitCode, stderr } = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', key, '-out', cert, '-days', '30', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'],
  ])
  if (exitCode !== 0) throw new Error(`openssl: ${stderr.toString()}`)
  const publicKey = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' })
  return { cert, key, spki: createHash('sha256').update(publicKey).digest('base64') }
}
