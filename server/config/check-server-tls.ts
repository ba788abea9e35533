// TLS with the servers of a backend: files that can be read and fit together, beside servers that speak it.
import type { BackendConfig } from '../backends/backend.options.ts'
import { checkCertificate, checkIssuers } from './check-certificate.ts'
import type { Checked } from './checked.ts'
import { schemeOf, unixServerPath } from '../lib/server-url.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

/** Checks `tls` of a backend; `path` is that of the backend. */
export function checkServerTls(checked: Checked, path: Path, backend: BackendConfig): void {
  checkNameless(checked, path, backend)
  const { servers, tls } = backend
  if (tls === undefined) return
  const here = [...path, 'tls']
  const urls = servers.map(({ url }) => url)
  if (urls.length > 0 && !urls.some((url) => isStandIn(url) || schemeOf(url)?.isTls))
    checked.report({
      code: 'conflict',
      path: here,
      found: `"tls" beside servers that are spoken to without it, as ${urls[0]}`,
      allowed: '"tls" with servers whose URL begins with "https://" or "tls://"',
      hint: `write ${checked.spelled({
        url: String(urls[0])
          .replace(/^http:/i, 'https:')
          .replace(/^tcp:/i, 'tls:'),
      })}, or leave "tls" out`,
    })
  const { ca, verify } = tls
  if (ca.length > 0) {
    const isList = checked.written([...here, 'ca'])?.is === 'list'
    checkIssuers(checked, ca, (index) => (isList ? [...here, 'ca', index] : [...here, 'ca']))
    if (!verify && checked.isWritten([...here, 'verify']))
      checked.warn({
        code: 'conflict',
        path: [...here, 'ca'],
        found: '"ca" beside "verify: false"',
        allowed: 'one of the two',
        hint: 'no certificate is held against it',
      })
  }
  checkOwn(checked, here, tls)
}

/** A server at a Unix socket has no host that its certificate could be for. */
function checkNameless(checked: Checked, path: Path, { servers, tls }: BackendConfig): void {
  if (tls?.server_name !== undefined || tls?.verify === false) return
  if (checked.isWritten([...path, 'tls', 'server_name'])) return
  const index = servers.findIndex(({ url }) => schemeOf(url)?.isTls === true && unixServerPath(url) !== null)
  if (index < 0) return
  const here = [...path, 'servers', index, 'url']
  checked.report({
    code: 'missing-key',
    path: here,
    found: `${checked.quoted(here, servers[index]?.url ?? '')} without a name that its certificate must be for`,
    allowed: 'that name in "tls" beside the list of servers',
    hint: `write ${checked.spelled({ tls: { server_name: 'app.example.org' } })}, or ${checked.spelled({ tls: { verify: false } })}`,
  })
}

/** Our certificate for servers that want one. */
function checkOwn(checked: Checked, path: Path, { cert, key }: NonNullable<BackendConfig['tls']>): void {
  if (cert !== undefined && key !== undefined) {
    checkCertificate(checked, { cert: [...path, 'cert'], key: [...path, 'key'] }, { cert, key })
    return
  }
  if (cert === undefined && key === undefined) return
  const [has, lacks] = cert === undefined ? ['key', 'cert'] : ['cert', 'key']
  checked.report({
    code: 'missing-key',
    path: [...path, has],
    found: `"${has}" without "${lacks}"`,
    allowed: 'both, or neither',
    hint: 'they are what servers are shown that want a certificate',
  })
}
