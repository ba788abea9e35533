// Looks at a STUN or TURN server as a client does, from its name to a message through two allocations, and
// says what is wrong.
import { allocateFirst, allocateSecond, type Held } from './examine-allocate.ts'
import { deleteHeld, findPrivatePeers, refreshHeld } from './examine-end.ts'
import { reach } from './examine-reach.ts'
import { relayBetween } from './examine-relay.ts'
import type { Examination, Wishes, World } from './examination.ts'
import { Report, type Step } from './report.ts'

/** Examines; each step is told as soon as it is known. True: nothing has failed. */
export async function examine(wishes: Wishes, world: World, tell: (step: Step) => void): Promise<boolean> {
  const exam: Examination = { wishes, world, report: new Report(tell) }
  // 1. Name, way, certificate.
  const reached = await reach(exam, wishes.url)
  if (reached === null) return false
  if (!wishes.url.isTurn) reached.client.close()
  // 2. Credentials, and an allocation.
  const first = wishes.url.isTurn ? await allocateFirst(exam, reached) : null
  if (first !== null) await withAllocation(exam, first)
  return !exam.report.hasFailed
}

async function withAllocation(exam: Examination, first: Held): Promise<void> {
  const held = [first]
  try {
    // 3. Another one, and messages between both.
    const second = await allocateSecond(exam, first)
    if (second !== null) held.push(second)
    if (second !== null) await relayBetween(exam, first, second)
    // 4. What it should not do, and how it ends.
    for (const look of [findPrivatePeers, refreshHeld])
      if (first.client.gone === null) await look(exam, first)
    await deleteHeld(exam, held)
  } finally {
    for (const { client } of held) client.close()
  }
}
