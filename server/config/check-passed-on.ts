// Backends whose servers are given what comes as it comes, bytes or datagrams: what has to do with requests
// means nothing there.
import type { BackendConfig } from '../backends/backend.options.ts'
import type { Path } from './tree.ts'
import { UNUSED_BY_FAMILY } from './unused-words.ts'
import type { Written } from './written.ts'

interface PassedOn {
  readonly family: 'tcp' | 'udp'
  /** Where else its words belong. */
  readonly others: string
  /** What to do, by the first of them. */
  readonly hints: Readonly<Record<string, string>>
  readonly hint: string
  /** All that is known of a client is its address. */
  readonly one: string
}

const TCP: PassedOn = {
  family: 'tcp',
  others: 'http',
  hints: { timeouts: 'how long a connection may be silent is said by "timeouts" of its listener' },
  hint: 'leave it out: bytes are passed on as they come',
  one: 'a connection',
}

const UDP: PassedOn = {
  family: 'udp',
  others: 'other',
  hints: {
    timeouts: 'how long a flow may be silent is said by "idle" of its listener',
    queue: 'a datagram that finds no server with room is dropped',
    proxy_protocol: 'write "proxy_header" beside the listener',
  },
  hint: 'leave it out: datagrams are passed on as they come',
  one: 'a flow',
}

/** Checks a backend of tcp servers. */
export const checkTcpBackend = (written: Written, path: Path, backend: BackendConfig): void =>
  checkPassedOn(written, path, backend, TCP)

/** Checks a backend of udp servers. */
export const checkUdpBackend = (written: Written, path: Path, backend: BackendConfig): void =>
  checkPassedOn(written, path, backend, UDP)

function checkPassedOn(
  written: Written,
  path: Path,
  { hash }: BackendConfig,
  { family, others, hints, hint, one }: PassedOn,
): void {
  for (const key of UNUSED_BY_FAMILY[family])
    if (written.isWritten([...path, ...key]))
      written.report({
        code: 'conflict',
        path: [...path, ...key],
        found: `"${key.join('.')}" in a backend of ${family} servers`,
        allowed: `it in a backend of ${others} servers`,
        hint: hints[String(key[0])] ?? hint,
      })
  if (hash === undefined || hash.by === 'client_ip') return
  const here = [...path, 'hash', 'by']
  if (!written.isAsWritten(here, hash.by)) return
  written.report({
    code: 'conflict',
    path: here,
    found: `${written.quoted(here, hash.by)} in a backend of ${family} servers`,
    allowed: `client_ip: nothing else is known of ${one}`,
    hint: `write ${written.spelled({ hash: { by: 'client_ip' } })}`,
  })
}
