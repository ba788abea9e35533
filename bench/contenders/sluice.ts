import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../../build.ts'
import type { Pair } from '../https.ts'
import { waitFor } from '../../test/support/wait.ts'
import { type Contender, folderFor, freePort, launch, type Recipe } from './contender.ts'

/**
 * Ours, as built: one worker beside the supervisor, rules, health check, metrics and the access log to a
 * file. Several of them, one for each kind of sockets, when these are named; otherwise that which the machine
 * gets by itself.
 */
export const oursOn = (kinds: readonly string[]): Recipe[] =>
  kinds.length === 0
    ? [ours('sluice', { workers: 1, servers: 1 })]
    : kinds.map((sockets) => ours(`sluice-${sockets}`, { workers: 1, servers: 1, sockets }))

/**
 * What rests is measured with two of each, started by hand and as the systemd unit and the image start it
 * (deploy/).
 */
export const SLUICE_AT_REST: readonly Recipe[] = [
  ours('sluice, 2 workers', { workers: 2, servers: 2 }),
  ours('sluice, 2 workers, as a service', {
    workers: 2,
    servers: 2,
    env: { BUN_GC_TIMER_INTERVAL: '10000', MIMALLOC_SCAVENGER: '0' },
  }),
]

interface Ours {
  readonly workers: number
  readonly servers: number
  readonly sockets?: string
  readonly env?: Readonly<Record<string, string>>
}

function ours(name: string, { workers, servers, sockets, env = {} }: Ours): Recipe {
  return {
    name,
    program: 'dist/sluice',
    takesTls: true,
    passesTls: true,
    async start(setting) {
      const { binary } = await build()
      const folder = folderFor(setting, name)
      const port = freePort()
      const file = join(folder, 'sluice.yaml')
      const { isTcp = false, isPassed = false, tls } = setting
      const origin = `${isTcp || isPassed ? 'tcp' : 'http'}://127.0.0.1:${setting.originPort}`
      const urls = Array.from({ length: servers }, (_, i) => `{ name: s${i}, url: "${origin}" }`)
      writeFileSync(
        file,
        (isPassed ? passedConfig : isTcp ? tcpConfig : config)({
          folder,
          port,
          servers: urls.join(', '),
          workers,
          sockets,
          tls,
        }),
      )
      const isTls = tls !== undefined || isPassed
      const contender = await launch({ name, command: [binary, 'run', '-c', file], port, folder, env, isTls })
      if (sockets !== undefined) await mustHave(sockets, contender, join(folder, `${name}.out`))
      return contender
    },
  }
}

/** Where a machine does not let it have these sockets it takes others: then its figures would be theirs. */
async function mustHave(sockets: string, contender: Contender, out: string): Promise<void> {
  const serving = await waitFor(() => /^.*"event":"serving".*$/m.exec(readFileSync(out, 'utf8'))?.[0])
  const has = (JSON.parse(serving) as { sockets?: string }).sockets
  if (has === sockets) return
  await contender.stop()
  throw new Error(`${contender.name} was to have sockets of kind ${sockets}, and has ${has}`)
}

interface Filled {
  readonly folder: string
  readonly port: number
  readonly servers: string
  readonly workers: number
  readonly sockets: string | undefined
  readonly tls: Pair | undefined
}

const config = ({ folder, port, servers, workers, sockets, tls }: Filled): string => `
${tls === undefined ? '' : `certificates: { site: { cert: ${JSON.stringify(tls.cert)}, key: ${JSON.stringify(tls.key)} } }`}
listeners:
  web: { bind: "127.0.0.1:${port}", ${tls === undefined ? '' : 'protocol: https, certificates: site, '}limits: { requests: 100000000, body: 2GiB } }
rules:
  - { name: teapot, match: { host: tea.example.org, path: /pot }, respond: { status: 418 } }
  - { name: old, match: { path: /old/* }, redirect: { to: /new, status: 308 } }
  - { name: all, backend: origin }
backends:
  origin:
    servers: [${servers}]
    health_check: { path: /small, interval: 10s }
workers: ${workers}
${sockets === undefined ? '' : `sockets: ${sockets}`}
admin: { bind: "127.0.0.1:0" }
logs: { access: { file: ${JSON.stringify(join(folder, 'access.log'))} } }
`

const tcpConfig = ({ folder, port, servers, workers, sockets }: Filled): string => `
listeners:
  web: { bind: "127.0.0.1:${port}", protocol: tcp, backend: origin }
backends:
  origin:
    servers: [${servers}]
    health_check: { interval: 10s }
workers: ${workers}
${sockets === undefined ? '' : `sockets: ${sockets}`}
admin: { bind: "127.0.0.1:0" }
logs: { access: { file: ${JSON.stringify(join(folder, 'access.log'))} } }
`

const passedConfig = ({ folder, port, servers, workers, sockets }: Filled): string => `
listeners:
  web: { bind: "127.0.0.1:${port}", protocol: tls }
rules:
  - { name: others, match: { listener: web, server_name: ["*.others.example", others.example] }, backend: others }
  - { name: here, match: { listener: web, server_name: [localhost, www.example.org] }, backend: origin }
  - { name: all, match: { listener: web }, backend: origin }
backends:
  others: { servers: [${servers}] }
  origin:
    servers: [${servers}]
    health_check: { interval: 10s }
workers: ${workers}
${sockets === undefined ? '' : `sockets: ${sockets}`}
admin: { bind: "127.0.0.1:0" }
logs: { access: { file: ${JSON.stringify(join(folder, 'access.log'))} } }
`
