// Certificates travel in the plan, as text: a worker that is replaced comes up also when their files have
// been broken since.
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

async function textOf(file: string, path: string): Promise<string> {
  // Only where there is a certificate: at boot all that this brings is loaded already.
  const { whyUnread } = await import('../../config/why-unread.ts')
  try {
    return Buffer.from(readBounded(file, FILE_BYTES_MAX)).toString('latin1')
  } catch (error) {
    throw Object.assign(new Error(`cannot read ${file}: ${whyUnread(error)}`, { cause: error }), { path })
  }
}
