// What the demo says: the first requests and what became of them, and where to look.
import { basename, join, relative } from 'node:path'
import { statusOf } from './ask-web.ts'
import { type DemoPorts, FRUIT_WEIGHTS, WANTED_PORTS } from './demo-config.ts'
import { DEMO_USER, type WayIn } from './prepare.ts'
import type { SampleServer } from './sample-server.ts'

const REQUESTS = 60
const AT_ONCE = 6

/** Sends the sample requests, a few at a time, and tells what became of them. */
export async function sendFirst(ports: DemoPorts, servers: readonly SampleServer[]): Promise<string> {
  const web = `http://127.0.0.1:${ports.web}`
  const before = servers.map(({ answered }) => answered)
  const statuses: number[] = []
  for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, i) => statusOf(`${web}/fruit/${sent + i}`))
    statuses.push(...(await Promise.all(batch)))
  }
  const failed = statuses.filter((status) => status !== 200).length
  const hello = await statusOf(`${web}/hello`)
  const old = await statusOf(`${web}/old`)
  const rows = servers.map(({ name, url, answered }, index) => {
    const weight = FRUIT_WEIGHTS[index] ?? 1
    const count = answered - (before[index] ?? 0)
    return `  ${name.padEnd(8)} ${url.padEnd(24)} weight ${weight}  ${String(count).padStart(3)}  ${'█'.repeat(count)}`
  })
  return `
${REQUESTS} requests for /fruit/… went to${failed === 0 ? '' : ` (${failed} failed)`}

${rows.join('\n')}

1 request for /hello was answered by the gateway itself: ${hello}
1 request for /old was redirected to /new: ${old}
`
}

/** As it was called, so that it can be called again. */
function program(): string {
  const path = relative(process.cwd(), process.execPath)
  return basename(path) === 'sluice' && !path.startsWith('..') ? path : 'sluice'
}

/** The first line, which nobody may overlook. */
export function wayInText({ linkPath, password }: WayIn, { admin }: DemoPorts, isBold: boolean): string {
  const [on, off] = isBold ? ['\x1b[1m', '\x1b[0m'] : ['', '']
  return `
  ${on}dashboard    http://127.0.0.1:${admin}${linkPath}${off}
               signs in once, as ${DEMO_USER}; later by name, with the password ${password}
`
}

export interface Shown {
  readonly ports: DemoPorts
  /** The config. */
  readonly file: string
  readonly folder: string
  /** Other ports were asked for. */
  readonly isAny: boolean
}

export function addresses({ ports, file, folder, isAny }: Shown): string {
  const web = `http://127.0.0.1:${ports.web}`
  const admin = `http://127.0.0.1:${ports.admin}`
  const taken = Object.entries(WANTED_PORTS).flatMap(([name, wanted]) =>
    ports[name as keyof DemoPorts] === wanted ? [] : [wanted],
  )
  const note = taken.length === 0 || isAny ? '' : `  (${taken.join(', ')} in use: took free ports instead)\n`
  return `
  gateway      ${web}/            try: curl ${web}/anything
               https://127.0.0.1:${ports.secure}/  by a certificate of its own making: curl -k
               tcp 127.0.0.1:${ports.cache} (a cache), udp 127.0.0.1:${ports.echo} (an echo), turn 127.0.0.1:${ports.turn}
  health       ${admin}/_health
  metrics      ${admin}/_metrics  and for Prometheus ${admin}/metrics
  admin API    ${admin}/api/v1  try: ${program()} api backends -c ${file}
               and by HTTP with a token of ${program()} admin token --role viewer -c ${file}
  config       ${file}
  access log   ${join(folder, 'access.log')}
${note}`
}

export const UNWELL = `
  On purpose: shop-3 fails its checks, shop-4 is in maintenance, nobody listens at the servers of "reports",
  live-2 drains, the canary answers 500 now and then, pay-3 fails its requests (see its breaker), the certificate
  "shop" ends in a few days, and the rule "robots" is never reached.
`

export const anotherLink = (file: string): string =>
  `  Another link: ${program()} admin link ${DEMO_USER} -c ${file}\n`
