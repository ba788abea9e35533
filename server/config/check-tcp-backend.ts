// Backends of servers that are given bytes as they come: what has to do with requests means nothing there.
import { schemeOf } from '../lib/server-url.ts'
import type { BackendConfig } from '../backends/backend.options.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

const OF_REQUESTS: readonly Path[] = [
  ['answers'],
  ['keep_alive'],
  ['timeouts', 'response'],
  ['timeouts', 'idle'],
  ['timeouts', 'stream'],
]

/** Checks a backend of tcp servers. */
export function checkTcpBackend(written: Written, path: Path, backend: BackendConfig): void {
  const { hash, proxy_protocol, servers } = backend
  if (proxy_protocol !== undefined && servers.some(({ url }) => schemeOf(url)?.isTls === true))
    written.report({
      code: 'conflict',
      path: [...path, 'proxy_protocol'],
      found: '"proxy_protocol" with tls:// servers',
      allowed: 'it with tcp:// servers',
      hint: 'servers expect the header before the handshake, which is not done',
    })
  for (const key of OF_REQUESTS)
    if (written.isWritten([...path, ...key]))
      written.report({
        code: 'conflict',
        path: [...path, ...key],
        found: `"${key.join('.')}" in a backend of tcp servers`,
        allowed: 'it in a backend of http servers',
        hint:
          key[0] === 'timeouts'
            ? 'how long a connection may be silent is said by "timeouts" of its listener'
            : 'leave it out: bytes are passed on as they come',
      })
  if (hash === undefined || hash.by === 'client_ip') return
  const here = [...path, 'hash', 'by']
  if (!written.isAsWritten(here, hash.by)) return
  written.report({
    code: 'conflict',
    path: here,
    found: `${written.quoted(here, hash.by)} in a backend of tcp servers`,
    allowed: 'client_ip: nothing else is known of a connection',
    hint: `write ${written.spelled({ hash: { by: 'client_ip' } })}`,
  })
}

/** What a backend of http servers must not say. */
export function checkHttpBackend(written: Written, path: Path, { proxy_protocol }: BackendConfig): void {
  if (proxy_protocol === undefined) return
  written.report({
    code: 'conflict',
    path: [...path, 'proxy_protocol'],
    found: '"proxy_protocol" in a backend of http servers',
    allowed: 'it in a backend of tcp servers',
    hint: 'connections to http servers are shared by clients: a header field says whose a request is ("forwarded" of the listener)',
  })
}
