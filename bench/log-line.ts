// What a line of the access log and the counts of an exchange cost a worker, CPU of the writing thread
// included:
//   bun bench/log-line.ts
// in memory of its own, and in a ledger; the lowest and the mean of rounds in alternation.
import { rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Ledger } from '../server/scoreboard/ledger.ts'
import { LogSegments } from '../server/scoreboard/log-segments.ts'
import { AccessLog } from '../server/telemetry/access-log.ts'
import { ExchangeMeter } from '../server/telemetry/exchange-meter.ts'
import { Registry } from '../server/telemetry/registry.ts'
import { fakeExchange } from '../test/unit/telemetry/fake-exchange.ts'

const ROUNDS = 40
const TURNS = 20
const LINES_A_TURN = 400

const file = `/dev/shm/sluice-log-line-${process.pid}`
const exchange = fakeExchange()

async function measure(log: AccessLog, meter: ExchangeMeter): Promise<number> {
  const before = process.cpuUsage()
  for (let turn = 0; turn < TURNS; turn++) {
    for (let i = 0; i < LINES_A_TURN; i++) {
      meter.exchange(exchange)
      log.exchange(exchange)
    }
    await new Promise<void>((resume) => void setImmediate(resume))
  }
  log.flush()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (TURNS * LINES_A_TURN)
}

const contenders = [null, new Ledger(Ledger.create(tmpdir()))].map((ledger) => ({
  name: ledger === null ? 'memory of its own' : 'ledger',
  log: new AccessLog({
    file,
    format: 'json',
    onEvent: () => {},
    segments: ledger === null ? null : new LogSegments(ledger),
  }),
  meter: new ExchangeMeter(new Registry(undefined, ledger)),
  micros: [] as number[],
}))
for (let round = 0; round < ROUNDS; round++) {
  for (const { log, meter, micros } of contenders) {
    micros.push(await measure(log, meter))
    await Bun.sleep(5)
    truncateSync(file)
  }
}
for (const { name, log, micros } of contenders) {
  await log.close()
  const warm = micros.slice(ROUNDS >> 2)
  const mean = warm.reduce((sum, one) => sum + one, 0) / warm.length
  console.log(
    `${name}: ${Math.min(...warm).toFixed(2)} µs lowest, ${mean.toFixed(2)} µs mean, ${log.dropped} lines dropped`,
  )
}
rmSync(file)
