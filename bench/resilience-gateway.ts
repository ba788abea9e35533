// Two gateways with one worker each, one without and one with all policies, before the same origin, in turns
// by wrk. CPU of all processes of each.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Gateway, startGateway } from '../test/support/gateway.ts'
import { cpuTicks, treeOf } from '../test/support/processes.ts'
import { median } from './report.ts'
import { aboutMachine } from './syscall.ts'

const SECONDS = 2
const TICK_US = 10_000
const CONNECTIONS = [1, 64, 512]
const WARM_ROUNDS = 2

/** Prints what policies add to a request, at the median of the differences within a round. */
export async function gatewayRounds(
  rounds: number,
  policies: Record<string, unknown>,
  cookieFor: (server: string) => string,
): Promise<void> {
  const origin = Bun.spawn([process.execPath, join(import.meta.dir, 'origin.ts')], { stdout: 'pipe' })
  const { value } = await origin.stdout.getReader().read()
  const port = Number(/\d+/.exec(Buffer.from(value ?? []).toString())?.[0])
  const cookie = `session=4f1c9a0b7e5d4c3a; sluice_sticky=${cookieFor('one')}`
  const start = (more: Record<string, unknown>): Promise<Gateway> =>
    startGateway({
      config: {
        listeners: { web: { bind: '127.0.0.1:0', backend: 'origin', limits: { requests: 100_000_000 } } },
        backends: {
          origin: {
            servers: [{ name: 'one', url: `http://127.0.0.1:${port}` }],
            keep_alive: { connections: 1024 },
            ...more,
          },
        },
        logs: { access: { file: join(tmpdir(), `sluice-resilience-${process.pid}.log`) } },
      },
    })
  await using off = await start({})
  await using on = await start(policies)
  console.log(await aboutMachine())
  for (const connections of CONNECTIONS) {
    const rows: { off: number; on: number }[] = []
    for (let n = -WARM_ROUNDS; n < rounds; n++) {
      const isFirst = n % 2 === 0
      const first = await measure(isFirst ? off : on, connections, cookie)
      const second = await measure(isFirst ? on : off, connections, cookie)
      if (n >= 0) rows.push(isFirst ? { off: first, on: second } : { off: second, on: first })
    }
    const more = rows.map((row) => row.on - row.off)
    const [a, b, c] = [rows.map((row) => row.off), rows.map((row) => row.on), more].map(median)
    console.log(
      `${connections} connections: ${a?.toFixed(1)} µs without, ${b?.toFixed(1)} with, ${c?.toFixed(2)} more (${Math.min(...more).toFixed(2)} to ${Math.max(...more).toFixed(2)})`,
    )
  }
  origin.kill()
}

/** CPU of a request, in µs. */
async function measure(gateway: Gateway, connections: number, cookie: string): Promise<number> {
  const pids = treeOf(gateway.pid)
  const ticks = (): number => {
    const { user, system } = cpuTicks(pids)
    return user + system
  }
  const before = ticks()
  const url = `http://127.0.0.1:${gateway.port()}/small`
  const command = ['wrk', '-t1', `-c${connections}`, `-d${SECONDS}s`, '-H', `Cookie: ${cookie}`, url]
  const child = Bun.spawn(command, { stdout: 'pipe' })
  const said = await child.stdout.text()
  const spent = ticks() - before
  const requests = Number(/(\d+) requests in/.exec(said)?.[1])
  if (!(requests > 0) || /Socket errors|Non-2xx/.test(said)) throw new Error(`wrk said:\n${said}`)
  return (spent * TICK_US) / requests
}
