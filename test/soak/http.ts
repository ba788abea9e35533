// HTTP load for as long as you like, while configs change, workers are killed and servers die. Watches memory
// and descriptors.
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Load, startLoad } from '../support/load.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { descriptorsOf, residentBytes, sendSignal } from '../support/processes.ts'
import { type Random, seededRandom, seedOfRun } from '../support/random.ts'
import { pause } from '../support/wait.ts'

export interface SoakOptions {
  readonly minutes: number
  readonly workers: number
  /**
   * Also kills workers. They take the exchanges that they carry with them: then failures are to be expected.
   */
  readonly kill: boolean
}

/** Runs it; whether nothing failed that should not. */
export async function soakHttp(options: SoakOptions): Promise<boolean> {
  const random = seededRandom(seedOfRun())
  const origins = [startOrigin(), startOrigin(), startOrigin()]
  const config = (): Record<string, unknown> => someConfig(origins, random)
  const gateway = await startGateway({ config: config(), workers: options.workers })
  const load = startLoad(gateway.port('web'), { connections: 16 })
  let failures: readonly string[] = []
  try {
    const untilMs = performance.now() + options.minutes * 60_000
    for (let step = 0; performance.now() < untilMs; step++) {
      await pause(100)
      const { event } = await gateway.apply(config())
      if (event !== 'applied') throw new Error(`Step ${step}: ${event}`)
      if (options.kill && random.below(20) === 0) killWorker(gateway, random)
      if (random.below(10) === 0) await restart(random.pick(origins))
      for (const origin of origins) origin.forget()
      if (step % 100 === 0) report(step, gateway, load)
    }
  } finally {
    const result = await load.stop()
    failures = result.failures
    console.log(`${result.answered} answered, ${result.failed} failed (seed ${random.seed})`)
    for (const failure of failures.slice(0, 10)) console.log(`  ${failure}`)
    await gateway[Symbol.asyncDispose]()
    for (const origin of origins) await origin[Symbol.asyncDispose]()
  }
  return failures.length === 0 || options.kill
}

function someConfig(origins: readonly Origin[], random: Random): Record<string, unknown> {
  const servers = origins.map(({ url }) => ({ url, weight: 1 + random.below(5) }))
  return {
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [
      {
        name: `extra${random.below(100)}`,
        match: { path: '/extra' },
        respond: { body: String(random.below(1000)) },
      },
      { name: 'all', backend: 'origins' },
    ],
    backends: {
      origins: {
        algorithm: random.pick(['round_robin', 'least_connections', 'power_of_two', 'random']),
        servers,
      },
    },
  }
}

function killWorker({ workers }: Gateway, { pick }: Random): void {
  if (workers.length > 0) sendSignal(pick(workers), 'SIGKILL')
}

async function restart(origin: Origin): Promise<void> {
  origin.kill()
  await pause(50)
  origin.revive()
}

function report(step: number, gateway: Gateway, load: Load): void {
  const state = [gateway.pid, ...gateway.workers].map(
    (pid) => `${pid}: ${(residentBytes(pid) / 1e6).toFixed(1)} MB, ${descriptorsOf(pid)} descriptors`,
  )
  console.log(`step ${step}, ${load.answered} answered, ${load.failed} failed — ${state.join(' · ')}`)
}
