// Starts kids with fewer and fewer descriptors left, and prints what became of that: bun exhausted-kid.ts
// ipc|link
import { closeSync, openSync, readdirSync } from 'node:fs'
import { waitFor } from '../../../support/wait.ts'
import { Kid, startKid, type Way } from './kids.ts'

const way = process.argv[2] as Way
const descriptors = (): number => readdirSync('/proc/self/fd').length

async function live(): Promise<boolean> {
  let kid: Kid
  try {
    kid = new Kid({ start: startKid(way) })
  } catch {
    return false
  }
  const isThere = await kid.hello
  kid.kill()
  await kid.exited
  return isThere
}

await live()
const before = descriptors()
const counts = { started: 0, failed: 0, leaked: 0 }
const taken: number[] = []
try {
  for (;;) taken.push(openSync('/dev/null', 'r'))
} catch {
  // There is none left.
}
while (taken.length > 0) {
  if (await live()) counts.started++
  else counts.failed++
  closeSync(taken.pop()!)
}
await waitFor(() => descriptors() <= before, { forMs: 5000 }).catch(() => {})
counts.leaked = descriptors() - before
await Bun.write(Bun.stdout, JSON.stringify(counts))
