// Certificates travel in the plan, as text: a worker that is replaced comes up also when their files have
// been broken since.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import { readBounded } from '../../lib/read-bounded.ts'
import type { CertificateText } from '../../tls/certificate.ts'
import type { Plan } from '../../snapshot/plan.ts'
import { certificateFiles, type NamedFiles } from '../source/certificate-files.ts'

const FILE_BYTES_MAX = 1_048_576

/** Those certificates, as their files are now. Throws what stands against one, with its place as `path`. */
export async function readCertificates(config: Config): Promise<Plan['certificates']> {
  const read: Record<string, CertificateText> = {}
  for (const [name, files] of certificateFiles(config)) read[name] = await readCertificate(files)
  return read
}

/** The same of one. */
export async function readCertificate({ cert, key, path }: NamedFiles): Promise<CertificateText> {
  return { cert: await textOf(cert, `${path}.cert`), key: await textOf(key, `${path}.key`) }
}

/**
 * Why a pair is of no use, in plain words: what TLS itself says of it is a code. Null: nothing is seen that
 * stands against it.
 */
export function whyUnfit({ cert, key }: CertificateText, files: Omit<NamedFiles, 'path'>): string | null {
  if (!IS_CERTIFICATE.test(cert)) return `${files.cert} holds no PEM certificate`
  if (!IS_KEY.test(key)) return `${files.key} holds no PEM private key`
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(cert)
  } catch {
    return `${files.cert} holds a certificate that cannot be read`
  }
  try {
    if (leaf.checkPrivateKey(createPrivateKey(key))) return null
  } catch {
    const how = key.includes('ENCRYPTED') ? 'has a passphrase' : 'cannot be read'
    return `${files.key} holds a key that ${how}`
  }
  return `the key in ${files.key} does not belong to the first certificate in ${files.cert}`
}

const IS_CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/
const IS_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/

/** What stands in a file; throws why it cannot be read, with its place in the config as `path`. */
export async function textOf(file: string, path: string): Promise<string> {
  // Only where there is a certificate: at boot all that this brings is loaded already.
  const { whyUnread } = await import('../../config/why-unread.ts')
  try {
    return Buffer.from(readBounded(file, FILE_BYTES_MAX)).toString('latin1')
  } catch (error) {
    throw Object.assign(new Error(`cannot read ${file}: ${whyUnread(error)}`, { cause: error }), { path })
  }
}
