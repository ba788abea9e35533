// npm run fuzz: the same properties as in the tests, for as long as you like.
import { parseArgs } from 'node:util'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { checkAll } from './properties.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const first = seedOfRun()
const untilMs = performance.now() + Number(values.seconds) * 1000
let seed = first
try {
  for (; performance.now() < untilMs; seed++) await checkAll(seededRandom(seed))
  console.log(`${seed - first} inputs of each kind, seeds ${first} to ${seed - 1}: all properties hold`)
} catch (problem) {
  console.log(`SLUICE_SEED=${seed} breaks a property:\n${String(problem)}`)
  process.exitCode = 1
}
