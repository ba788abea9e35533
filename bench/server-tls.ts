// What a request to a server by TLS costs, beside nginx (proxy_ssl, verified): on connections that are kept,
// and on a new one for each request, with a whole handshake and with a session resumed. Behind all of them
// stands another nginx, with an ECDSA certificate, TLS 1.3 and AES-128-GCM; neither proxy writes a log.
//
//   bun bench/server-tls.ts [--rounds N] [--seconds N] [--ours io_uring,epoll] [kept|full|resumed …]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from '../build.ts'
import { Authority } from '../test/support/authority.ts'
import { cpuTicks, treeOf } from '../test/support/processes.ts'
import { waitFor } from '../test/support/wait.ts'
import type { Case } from './cases.ts'
import { type Contender, folderFor, freePort, launch, programNamed } from './contenders/contender.ts'
import { load } from './load.ts'
import { median, table } from './report.ts'

const WAYS = { kept: 'kept alive', full: 'new, whole handshake', resumed: 'new, session resumed' } as const
type Way = keyof typeof WAYS

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    ours: { type: 'string', default: 'io_uring' },
  },
})
const ways = (positionals.length > 0 ? positionals : Object.keys(WAYS)) as Way[]
const CASE: Case = {
  name: 'server-tls',
  work: 'small GET to a server by TLS',
  target: '/small',
  kind: 'browser',
  connections: 32,
  size: null,
  goals: {},
}
const TICK_US = 10_000
const SPELL_SECONDS = 4
const SPELLS_MAX = 8

const authority = new Authority()
const certificate = authority.issue({ names: 'DNS:localhost' })
const folder = mkdtempSync(join(tmpdir(), 'sluice-server-tls-'))
const setting = { folder, originPort: 0, sinkPort: 0 }
const COMMON = (own: string): string => `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${own}/nginx.pid;
error_log ${own}/error.log crit;
events { worker_connections 8000; }`
const PATHS = (own: string): string =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${own}/${name};`)
    .join(' ')

/** One of them answers by TLS; the same plain, for who asks whether it is there. */
async function startOrigin(): Promise<{ readonly port: number; readonly contender: Contender }> {
  const own = folderFor(setting, 'origin')
  const [plain, port] = [freePort(), freePort()]
  const file = join(own, 'nginx.conf')
  writeFileSync(
    file,
    `${COMMON(own)}
http {
  access_log off; ${PATHS(own)} keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${plain}; listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; ssl_session_cache shared:s:1m;
    location / { default_type text/plain; return 200 "twenty-four bytes, here."; }
  }
}`,
  )
  const command = [programNamed('nginx') ?? 'nginx', '-c', file, '-p', own]
  return { port, contender: await launch({ name: 'origin', command, port: plain, folder: own }) }
}

async function nginx(way: Way, originPort: number): Promise<Contender> {
  const name = `nginx-${way}`
  const own = folderFor(setting, name)
  const port = freePort()
  const file = join(own, 'nginx.conf')
  const kept = way === 'kept'
  writeFileSync(
    file,
    `${COMMON(own)}
http {
  access_log off; ${PATHS(own)} keepalive_requests 100000000;
  upstream origin { server 127.0.0.1:${originPort}; ${kept ? 'keepalive 256; keepalive_requests 100000000;' : ''} }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass https://origin; proxy_http_version 1.1; proxy_set_header Connection "${kept ? '' : 'close'}";
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_ssl_verify on; proxy_ssl_trusted_certificate ${authority.file}; proxy_ssl_name localhost;
      proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.3; proxy_ssl_session_reuse ${way === 'full' ? 'off' : 'on'};
    }
  }
}`,
  )
  const command = [programNamed('nginx') ?? 'nginx', '-c', file, '-p', own]
  return launch({ name, command, port, folder: own })
}

async function sluice(way: Way, sockets: string, originPort: number): Promise<Contender> {
  const { binary } = await build()
  const name = `sluice-${sockets}-${way}`
  const own = folderFor(setting, name)
  const port = freePort()
  const file = join(own, 'sluice.yaml')
  writeFileSync(
    file,
    `
listeners: { web: { bind: "127.0.0.1:${port}", backend: origin, limits: { requests: 100000000 } } }
backends:
  origin:
    servers: [{ url: "https://localhost:${originPort}" }]
    tls: { ca: "${authority.file}", resume: ${way !== 'full'} }
    keep_alive: { connections: ${way === 'kept' ? 256 : 0}, idle: 60s }
workers: 1
sockets: ${sockets}
admin: false
logs: { access: { enabled: false } }
`,
  )
  return launch({ name, command: [binary, 'run', '-c', file], port, folder: own })
}

/** Code of ours is compiled by count of its calls. */
async function warm({ port }: Contender, way: Way): Promise<void> {
  let served = 0
  for (let spell = 0; served < (way === 'kept' ? 100_000 : 15_000) && spell < SPELLS_MAX; spell++)
    served += (await load(port, CASE, SPELL_SECONDS)).requests
}

async function cpuOf(contender: Contender): Promise<number> {
  const pids = contender.pids()
  const ticks = (): number => {
    const { user, system } = cpuTicks(pids)
    return user + system
  }
  const before = ticks()
  const { requests, errors } = await load(contender.port, CASE, Number(values.seconds))
  if (errors > 0) console.log(`${contender.name}: ${errors} errors`)
  return ((ticks() - before) * TICK_US) / requests
}

const origin = await startOrigin()
try {
  const rows: string[][] = [['request', 'ours', 'CPU µs', 'nginx µs', '÷']]
  for (const way of ways) {
    const kinds = values.ours.split(',')
    const ours = await Promise.all(kinds.map((kind) => sluice(way, kind, origin.port)))
    const rival = await nginx(way, origin.port)
    for (const one of [...ours, rival]) await warm(one, way)
    const figures = [...ours, rival].map(() => [] as number[])
    for (let round = 0; round < Number(values.rounds); round++)
      for (const [place, one] of [...ours, rival].entries()) figures[place]?.push(await cpuOf(one))
    const of = (place: number): number => median(figures[place] ?? [])
    const rivals = of(ours.length)
    for (const [place, kind] of kinds.entries())
      rows.push([WAYS[way], kind, of(place).toFixed(1), rivals.toFixed(1), (of(place) / rivals).toFixed(2)])
    for (const one of [...ours, rival]) await one.stop()
  }
  console.log(table(rows))
} finally {
  await origin.contender.stop()
  await waitFor(() => treeOf(process.pid).length === 1, { forMs: 1000 }).catch(() => {})
  rmSync(folder, { recursive: true, force: true })
}
