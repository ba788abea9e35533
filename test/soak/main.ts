// npm run soak: the long forms of what runs under load for a while: TURN for two minutes, HTTP for ten.
import { parseArgs } from 'node:util'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { soakHttp } from './http.ts'
import { soakTurn } from './turn.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    workers: { type: 'string', default: '2' },
    kill: { type: 'boolean', default: false },
  },
})
const wants = (name: string): boolean => positionals.length === 0 || positionals.includes(name)
const minutes = (usual: number): number => Number(values.minutes ?? usual)

if (wants('turn')) {
  const random = seededRandom(seedOfRun())
  const said = await soakTurn({ seconds: minutes(2) * 60, isLong: true, random })
  for (const line of said.notes) console.log(line)
  for (const problem of said.problems) console.log(`  ${problem}`)
  console.log(`turn: ${said.problems.length === 0 ? 'nothing is left' : 'failed'} (seed ${random.seed})`)
  if (said.problems.length > 0) process.exitCode = 1
}
if (wants('http')) {
  const isGood = await soakHttp({ minutes: minutes(10), workers: Number(values.workers), kill: values.kill })
  if (!isGood) process.exitCode = 1
}
