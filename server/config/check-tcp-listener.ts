// TCP listeners: their rates are ones that can be kept, and their certificates are there.
import { formatDuration } from '../lib/durations.ts'
import type { TcpListenerConfig } from '../tcp/tcp.options.ts'
import { checkClientCertificate } from './check-client-certificate.ts'
import { checkListenerTls } from './check-listener-tls.ts'
import type { CheckedListener } from './listener-protocol.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** Beyond these nobody means what is written: of a rate_limit too. */
const FULL_MS_MAX = 366 * 86_400_000
const PER_MS_MAX = 10_000

export function checkTcpListener(
  written: Written,
  { path, options }: CheckedListener<TcpListenerConfig>,
): void {
  checkListenerTls(written, path, options, false)
  checkClientCertificate(written, path, options.client_certificate, options.certificates.length > 0)
  checkNames(written, path, options)
  checkRate(written, path, options.limits.rate)
}

/** Nobody sees for whom a client comes but by what it asks for: it may ask for what asks less of it. */
function checkNames(written: Written, path: Path, { client_certificate: words }: TcpListenerConfig): void {
  if (Object.keys(words?.names ?? {}).length === 0) return
  written.report({
    code: 'conflict',
    path: [...path, 'client_certificate', 'names'],
    found: 'names on a listener of tcp, which leads to one backend whatever a client asks for',
    allowed: 'the same for all its clients',
    hint: 'names of their own have listeners of their own, behind one of protocol tls',
  })
}

/** Of connections. */
export function checkRate(written: Written, path: Path, rate: TcpListenerConfig['limits']['rate']): void {
  if (rate === undefined) return
  const { connections, per, burst = connections } = rate
  const here = [...path, 'limits', 'rate']
  if (connections / per > PER_MS_MAX)
    written.report({
      code: 'conflict',
      path: [...here, 'connections'],
      found: `${connections} in ${formatDuration(per)}`,
      allowed: `at most ${PER_MS_MAX} in a millisecond`,
    })
  if ((burst * per) / connections > FULL_MS_MAX)
    written.report({
      code: 'conflict',
      path: [...here, 'burst'],
      found: `a bucket of ${burst} that needs more than a year to fill`,
      allowed: `at most a year: at ${connections} per ${formatDuration(per)} a burst of ${Math.floor((FULL_MS_MAX * connections) / per)}`,
    })
}
