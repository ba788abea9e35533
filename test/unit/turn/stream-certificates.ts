// A second certificate, for tests that change from one to another.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CertificateText, PemPair } from '../../../server/tls/certificate.ts'
import { certificateText } from '../../../server/tls/read-certificate.ts'

/** A certificate that differs from that of test/support in each call. */
export const otherCertificateText = (): CertificateText => certificateText([otherPemPair()])

/** The same as PEM. */
export function otherPemPair(): PemPair {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cert-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const { exitCode, stderr } = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', key, '-out', cert, '-days', '30', '-subj', '/CN=other'],
  ])
  if (exitCode !== 0) throw new Error(`openssl: ${stderr.toString()}`)
  const text = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  rmSync(folder, { recursive: true })
  return text
}
