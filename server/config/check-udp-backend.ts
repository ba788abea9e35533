// Backends of servers that are given datagrams as they come: these wait for nothing, neither for room nor for
// a connection.
import type { BackendConfig } from '../backends/backend.options.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

const OF_OTHERS: readonly Path[] = [
  ['answers'],
  ['keep_alive'],
  ['timeouts', 'connect'],
  ['timeouts', 'response'],
  ['timeouts', 'idle'],
  ['timeouts', 'stream'],
  ['retry', 'backoff'],
  ['queue', 'size'],
  ['queue', 'timeout'],
  ['proxy_protocol'],
]

const HINTS: Readonly<Record<string, string>> = {
  timeouts: 'how long a flow may be silent is said by "idle" of its listener',
  queue: 'a datagram that finds no server with room is dropped',
  proxy_protocol: 'write "proxy_header" beside the listener',
}

/** Checks a backend of udp servers. */
export function checkUdpBackend(written: Written, path: Path, { hash }: BackendConfig): void {
  for (const key of OF_OTHERS)
    if (written.isWritten([...path, ...key]))
      written.report({
        code: 'conflict',
        path: [...path, ...key],
        found: `"${key.join('.')}" in a backend of udp servers`,
        allowed: 'it in a backend of other servers',
        hint: HINTS[String(key[0])] ?? 'leave it out: datagrams are passed on as they come',
      })
  if (hash === undefined || hash.by === 'client_ip') return
  const here = [...path, 'hash', 'by']
  if (!written.isAsWritten(here, hash.by)) return
  written.report({
    code: 'conflict',
    path: here,
    found: `${written.quoted(here, hash.by)} in a backend of udp servers`,
    allowed: 'client_ip: nothing else is known of a flow',
    hint: `write ${written.spelled({ hash: { by: 'client_ip' } })}`,
  })
}
