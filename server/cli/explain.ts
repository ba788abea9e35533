// sluice explain: what becomes of a request or a connection, by a config file alone or by a running gateway.
import { formatProblem } from '../config/problem.ts'
import { type AskedAny, explainAny, type ExplainedAny } from '../control/explain/explain-any.ts'
import { offlineGround } from '../control/explain/offline.ts'
import { serveDatabasesOf } from '../control/explain/tests-geo.ts'
import { atOnce } from '../lib/slices.ts'
import { type Args, readArgs } from './args.ts'
import { askedFlags } from './asked-flags.ts'
import { findConfigFile, NO_FILE } from './config-file.ts'
import { askSocket } from './control.ts'
import { explainedText } from './explained-text.ts'
import { unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { loadFileAsRun } from './load-file.ts'
import { GATEWAY_HELP, GATEWAY_OPTIONS, gatewayOf } from './remote.ts'
import { usageLine } from './usage.ts'

const HELP = `Tells what becomes of a request, and why: the listener, the rule that takes it and what of the others does not hold, the middleware,
the backend and its servers; of a connection or of datagrams what stands before, and where they go. Nothing is sent.

Usage: sluice explain URL [options]

  URL                    such as https://example.org/a?b=1; its port chooses the listener. Dot segments and escapes stay as they are.
                         tcp://, udp:// and tls://HOST:PORT stand for a connection, or for datagrams
  -X, --method METHOD    default GET
  -H, --header "N: V"    a header field; may be repeated
      --client ADDRESS   whose request it is; default 127.0.0.1
      --listener NAME    where it comes in, in place of where its port leads
      --scheme SCHEME    what the client speaks to a trusted proxy before us, http or https; default what the listener does
      --tls VERSION      of https: TLSv1.2 or TLSv1.3, which is the default; a cipher may follow behind a comma
      --certificate CERT one that the client shows and that is found good: a file in PEM, or a subject such as "CN=alice,O=Acme"
      --claims ISSUER=JSON  what a good token of auth.jwt.ISSUER says that comes with it: 'login={"groups":["admin"]}'; may be repeated
      --time TIME        when it comes, such as 2026-03-01T08:30:00Z; default now
      --server-name NAME what its TLS asks for (SNI); default the host of https:// and tls://
      --alpn A,B         protocols that its TLS offers; of https:// h2,http/1.1
      --candidates N     so many rules that came close are shown, up to 1000; default 20
      --live             ask the running gateway, which knows how its servers are; without it (and --admin) the file is read, and all are taken to be up
      --json             print JSON
  -h, --help             this text
${GATEWAY_HELP}
Fields by which proxies speak of a client (X-Forwarded-For and the like) are not believed here: --client says who it is.
Exit code: 0 a rule or a listener takes it; 1 none does, it is refused, the file has problems, or no gateway was reached; 2 wrong usage.
`

const OPTIONS = {
  method: { short: 'X', takes: 'value' },
  header: { short: 'H', takes: 'values' },
  client: { takes: 'value' },
  listener: { takes: 'value' },
  scheme: { takes: 'value' },
  tls: { takes: 'value' },
  certificate: { takes: 'value' },
  claims: { takes: 'values' },
  time: { takes: 'value' },
  'server-name': { takes: 'value' },
  alpn: { takes: 'value' },
  candidates: { takes: 'value' },
  live: { takes: 'flag' },
  ...GATEWAY_OPTIONS,
  json: { takes: 'flag' },
} as const

const CANDIDATES_MAX = 1000

/** Explains one request. */
export async function explain(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: OPTIONS, words: { min: 1, max: 1, wanted: 'a URL' } })
  if ('problem' in read) return usageLine('explain', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const asked = askedBy(read)
  if (typeof asked === 'string') return usageLine('explain', asked, io)
  const candidates = Number(read.value('candidates') ?? 20)
  if (!(Number.isInteger(candidates) && candidates >= 0 && candidates <= CANDIDATES_MAX))
    return usageLine('explain', `--candidates takes a number up to ${CANDIDATES_MAX}`, io)
  const isLive = read.flag('live') || read.value('admin') !== null
  const explained = await (isLive ? live : offline)(read, { asked, candidates }, io)
  if (explained === null) return 1
  io.stdout(read.flag('json') ? `${JSON.stringify(explained)}\n` : explainedText(explained, isLive))
  const isTaken = explained.kind === 'connection' || explained.rule !== null
  return isTaken && explained.fault === null ? 0 : 1
}

interface Question {
  readonly asked: AskedAny
  readonly candidates: number
}

/** A URL of something else; a host and port has no "//". */
const OTHER_SCHEME = /^(?!(?:https?|tcp|udp|tls):)([a-z][a-z0-9+.-]*):\/\//i

function askedBy(read: Args): AskedAny | string {
  const [url = ''] = read.words
  const other = OTHER_SCHEME.exec(url)?.[1]
  if (other !== undefined)
    return `"${other}://" is not asked for by HTTP: a URL begins with http:// or https://, and tcp://, udp:// or tls:// stand for a connection`
  const said = askedFlags(read)
  if (typeof said === 'string') return said
  const [serverName, alpn] = [read.value('server-name'), read.value('alpn')]
  return {
    ...said,
    ...{ url, listener: read.value('listener') },
    ...(serverName !== null && { serverName }),
    ...(alpn !== null && { alpn: alpn.split(',').filter((one) => one !== '') }),
  }
}

/** By the file alone. */
async function offline(read: Args, { asked, candidates }: Question, io: Io): Promise<ExplainedAny | null> {
  const found = findConfigFile(read.value('config'), io.cwd)
  if ('problem' in found || found.file === null)
    return refused('problem' in found ? found.problem : NO_FILE, io)
  const loaded = loadFileAsRun(found.file, io)
  if (!loaded.ok) {
    for (const problem of loaded.problems) io.stderr(`${formatProblem(problem)}\n`)
    return null
  }
  const takeAway = serveDatabasesOf(loaded.config)
  const explained = atOnce(explainAny(asked, offlineGround(loaded.config), candidates))
  takeAway()
  return 'problem' in explained ? refused(explained.problem, io) : explained
}

/** By the gateway that runs with the file. */
async function live(read: Args, { asked, candidates }: Question, io: Io): Promise<ExplainedAny | null> {
  const { headers, client, listener, serverName, alpn, atMs, ...rest } = asked
  const byName: Record<string, string[]> = {}
  for (const [name, value] of headers) (byName[name] ??= []).push(value)
  const body = {
    ...rest,
    headers: byName,
    candidates,
    ...(client && { client }),
    ...(atMs !== undefined && { time: new Date(atMs).toISOString() }),
    ...(listener && { listener }),
    ...(serverName !== undefined && serverName !== null && { server_name: serverName }),
    ...(alpn && { alpn }),
  }
  const gateway = gatewayOf('explain', read, io)
  if (typeof gateway === 'number') return null
  const answer = await askSocket(
    gateway,
    {
      method: 'POST',
      path: '/api/v1/explain',
      headers: { 'Content-Type': 'application/json' },
      body: new TextEncoder().encode(JSON.stringify(body)),
      timeoutMs: 30_000,
    },
    io,
  )
  if (answer === null) return null
  if (answer.status === 200) return answer.body as ExplainedAny
  unexpected(answer, 'explain', io)
  return null
}

function refused(why: string, io: Io): null {
  io.stderr(`sluice explain: ${why}\n`)
  return null
}
