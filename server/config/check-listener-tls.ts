// Listeners that end TLS, or may: certificates that are there, ciphers that can be spoken.
import type { TlsConfig } from '../tls/tls.options.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

interface EndsTls {
  readonly certificates: readonly string[]
  readonly tls: TlsConfig
}

/** What nobody heeds where no TLS ends. */
const USELESS = [['tls'], ['timeouts', 'handshake']]

/** `isNeeded`: nothing else is spoken there. */
export function checkListenerTls(
  written: Written,
  path: Path,
  { certificates, tls }: EndsTls,
  isNeeded: boolean,
): void {
  const here = [...path, 'certificates']
  const isList = written.written(here)?.is === 'list'
  for (const [place, name] of certificates.entries())
    written.resolve('certificate', name, isList ? [...here, place] : here)
  const isMissing = certificates.length === 0 && !written.isWritten(here)
  if (isMissing && (isNeeded || USELESS.some((words) => written.isWritten([...path, ...words]))))
    written.report({
      code: 'missing-key',
      path,
      found: 'no "certificates"',
      allowed: '"certificates", names of certificates at the top level',
      hint: `write ${written.spelled({ certificates: ['site'] })} here, and ${written.spelled({ certificates: { site: { cert: 'site.pem', key: 'site.key' } } })} at the top level`,
    })
  const { profile, min_version, ciphers } = tls
  const isModern = (min_version ?? (profile === 'modern' ? 'TLSv1.3' : 'TLSv1.2')) === 'TLSv1.3'
  if (ciphers !== undefined && isModern)
    written.report({
      code: 'conflict',
      path: [...path, 'tls', 'ciphers'],
      found: 'ciphers of TLS 1.2 where only 1.3 is spoken',
      allowed: 'them with TLS 1.2',
      hint: 'those of TLS 1.3 cannot be chosen; leave it out',
    })
}
