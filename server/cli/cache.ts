// sluice cache: what the caches of a running gateway have stored, and purges.
import type { CacheDocument, Purged } from '../control/requests/caches.ts'
import { askSocket, readControlArgs } from './control.ts'
import { type Gateway, unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'
import { table } from './table.ts'

const HELP = `Tells what the caches of a running gateway have stored, and takes answers out of them.

Usage: sluice cache [--json] [-c FILE | --admin URL]
       sluice cache purge [URL...] [--tag TAG]... [--rule RULE]... [--all] [--json] [-c FILE | --admin URL]

  URL                https://example.org/a?b=1, example.org/a, or /a of every host; with * at the end all that
                     begins so ("/a/*"). Scheme and port name nothing
      --tag TAG      what servers have given this tag (Surrogate-Key, Cache-Tag)
      --rule RULE    all that is stored for a rule
      --all          all there is
      --json         print JSON
  -h, --help         this text
${GATEWAY_HELP}
A purge reaches all workers, and what was asked for before it is not stored behind it.
Exit code: 0 done; 1 no gateway was reached, or a worker did not answer; 2 wrong usage.
`

const PATH = '/api/v1/cache'

/** Tells, or purges. */
export async function cache(args: readonly string[], io: Io): Promise<number> {
  const options = {
    tag: { takes: 'values' },
    rule: { takes: 'values' },
    all: { takes: 'flag' },
    json: { takes: 'flag' },
  } as const
  const asked = readControlArgs(
    { command: 'cache', help: HELP, options, words: { min: 0, max: 1000 } },
    args,
    io,
  )
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const [word, ...urls] = read.words
  const isJson = read.flag('json')
  if (word === undefined) return tell(gateway, isJson, io)
  if (word !== 'purge') {
    io.stderr(`sluice cache: "${word}" is not known here; write "sluice cache purge URL"\n`)
    return 2
  }
  const tags = read.values('tag')
  const rules = read.values('rule')
  const all = read.flag('all')
  if (urls.length + tags.length + rules.length === 0 && !all) {
    io.stderr('sluice cache: name what is to be purged: URLs, --tag, --rule or --all\n')
    return 2
  }
  return purge(gateway, { urls, tags, rules, all }, isJson, io)
}

async function tell(gateway: Gateway, isJson: boolean, io: Io): Promise<number> {
  const answer = await askSocket(gateway, { method: 'GET', path: PATH }, io)
  if (answer === null) return 1
  if (answer.status !== 200) return unexpected(answer, gateway.command, io)
  const document = answer.body as CacheDocument
  io.stdout(isJson ? `${JSON.stringify(document)}\n` : textOf(document))
  return document.silent.length === 0 ? 0 : 1
}

async function purge(gateway: Gateway, body: object, isJson: boolean, io: Io): Promise<number> {
  const answer = await askSocket(
    gateway,
    { method: 'POST', path: `${PATH}/purge`, body: new TextEncoder().encode(JSON.stringify(body)) },
    io,
  )
  if (answer === null) return 1
  if (answer.status === 422) {
    io.stderr(`sluice cache: ${(answer.body as { detail?: string } | null)?.detail ?? 'it was refused'}\n`)
    return 2
  }
  if (answer.status !== 200) return unexpected(answer, gateway.command, io)
  const { removed, silent } = answer.body as Purged
  if (isJson) io.stdout(`${JSON.stringify(answer.body)}\n`)
  else io.stdout(`${removed} ${removed === 1 ? 'answer is' : 'answers are'} out of the caches\n`)
  if (silent.length > 0) io.stderr(`sluice cache: no word from worker ${silent.join(', ')}\n`)
  return silent.length === 0 ? 0 : 1
}

const RESULTS = ['hit', 'collapsed', 'stale', 'revalidated', 'miss', 'bypass'] as const

function textOf({ memory, entries, bytes, rules }: CacheDocument): string {
  const said = `${entries} answers in ${sizeText(bytes)} of ${sizeText(memory)}\n`
  if (rules.length === 0) return `${said}no rule with a cache has served anything\n`
  const rows = rules.map(({ rule, requests }) => {
    const all = RESULTS.reduce((sum, result) => sum + (requests[result] ?? 0), 0)
    const given = all - (requests['miss'] ?? 0) - (requests['bypass'] ?? 0)
    return [
      rule,
      `${all === 0 ? 0 : Math.round((100 * given) / all)} %`,
      ...RESULTS.map((result) => String(requests[result] ?? 0)),
    ]
  })
  return `${said}\n${table(['RULE', 'GIVEN', ...RESULTS.map((one) => one.toUpperCase())], rows)}`
}

const sizeText = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.round(bytes / 1024 / 102.4) / 10} MiB`
