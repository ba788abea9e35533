// What health checks cost: 1,000 servers, each checked once a second, against servers of a process of its
// own. CPU of the process that checks, and the most checks that began within 50 ms. `bun
// bench/health-checks.ts [SERVERS] [SECONDS] [body|tcp]`, from the sources.
import type { Config } from '../server/config/schema.ts'
import { Prober } from '../server/control/health/prober.ts'
import { privateRegion, scoreboardOn } from '../server/scoreboard/region.ts'
import { configOf, healthCheck, slotsOf } from '../test/unit/control/health/checks.ts'

const PORTS = 20
const HEAD =
  'HTTP/1.1 200 OK\r\nServer: x\r\nDate: Sun, 29 Nov 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n'
const ANSWER = `${HEAD}Connection: close\r\nContent-Length: 2\r\n\r\nok`
const SLICE_MS = 50

const [first = '1000', second = '10', kind = 'status'] = process.argv.slice(2)
if (first === 'serve') serve()
else await measure(Number(first), Number(second))

/** The servers: they close as they are asked to. */
function serve(): void {
  const ports = Array.from(
    { length: PORTS },
    () =>
      Bun.listen({
        hostname: '127.0.0.1',
        port: 0,
        socket: {
          data(socket) {
            socket.write(ANSWER)
            socket.shutdown()
          },
        },
      }).port,
  )
  console.log(JSON.stringify(ports))
}

function words(ports: readonly number[], count: number): Config {
  const check = {
    status: healthCheck({ interval: 1000 }),
    body: healthCheck({
      interval: 1000,
      expect: { status: ['200-200'], body: 'ok', data_limit: 4096, body_limit: 65_536 },
    }),
    tcp: healthCheck({ interval: 1000, type: 'tcp' }),
  }[kind]
  if (check === undefined) throw new Error(`status, body or tcp, not ${kind}`)
  const servers = Array.from({ length: count }, (_, i) => ({
    name: `s${i}`,
    url: `http://127.0.0.1:${ports[i % ports.length]}`,
  }))
  return configOf({ api: { servers, check } })
}

async function measure(count: number, seconds: number): Promise<void> {
  const child = Bun.spawn([process.execPath, import.meta.path, 'serve'], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const lines = await child.stdout.getReader().read()
  const ports = JSON.parse(new TextDecoder().decode(lines.value)) as number[]
  const ends: number[] = []
  let failed = 0
  const prober = new Prober({
    board: scoreboardOn(privateRegion(count + 8, 1), -1),
    resolver: { lookup: (host, done) => done([host], null) },
    onChange: () => {},
    onResult: ({ reason }) => {
      ends.push(performance.now())
      if (reason !== null) failed++
    },
  })
  const config = words(ports, count)
  prober.apply(config, slotsOf(config))
  await Bun.sleep(2500) // each has been checked, and the code is warm
  ends.length = failed = 0
  const before = process.cpuUsage()
  const startMs = performance.now()
  await Bun.sleep(seconds * 1000)
  const { user, system } = process.cpuUsage(before)
  const tookMs = performance.now() - startMs
  const slices = Map.groupBy(ends, (ms) => Math.floor(ms / SLICE_MS))
  console.log({
    checks: ends.length,
    failed,
    perSecond: Math.round((ends.length * 1000) / tookMs),
    cpuPercent: Number(((user + system) / tookMs / 10).toFixed(1)),
    usPerCheck: Math.round((user + system) / ends.length),
    mostIn50Ms: Math.max(...[...slices.values()].map(({ length }) => length)),
  })
  prober.stop()
  child.kill()
  process.exit(0)
}
